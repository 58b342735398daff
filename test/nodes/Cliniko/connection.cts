import { createHash } from 'node:crypto';
import type { IDataObject, IHttpRequestOptions, IN8nHttpFullResponse } from 'n8n-workflow';

import type { PatientAttachment } from '../../../nodes/Cliniko/records/patientAttachment.ts';
import {
	ClinikoApi,
	type ClinikoConnection,
} from '../../../nodes/Cliniko/transport/cliniko/clinikoApi.ts';
import type { SourceFile } from '../../../nodes/Cliniko/upload/sourceFile.ts';
import type { Upload } from '../../../nodes/Cliniko/upload/upload.ts';
import { Clock } from './clock.cts';

/** A request to the fake Cliniko. */
export interface Sent {
	method: string;
	/** Below `/v1`. */
	path: string;
	/** The values of `q[]`. */
	filters: string[];
	query: URLSearchParams;
	body?: IDataObject;
	options: IHttpRequestOptions;
}

/** The JSON of a reply with status 200, or a whole reply, or that no reply comes. */
export type Answer = IDataObject | Partial<IN8nHttpFullResponse> | Error;

/** A reply with a status and headers. */
export function reply(
	statusCode: number,
	body: unknown = {},
	headers: Record<string, string> = {},
): IN8nHttpFullResponse {
	return {
		statusCode,
		headers,
		body: typeof body === 'string' ? body : JSON.stringify(body),
	} as IN8nHttpFullResponse;
}

/** Cliniko's API with a function in place of the server. */
export class FakeCliniko {
	readonly sent: Sent[] = [];

	readonly clock: Clock;

	readonly api: ClinikoApi;

	constructor(
		answer: (sent: Sent, count: number) => Answer | Promise<Answer>,
		{ clock = new Clock(), ...more }: Partial<ClinikoConnection> & { clock?: Clock } = {},
	) {
		this.clock = clock;
		this.api = new ClinikoApi({
			shard: 'au1',
			account: 'account of the clinic',
			pause: clock.pause,
			random: () => 0.5,
			assertNotCancelled: () => undefined,
			request: async (options) => {
				const sent = sentOf(options);
				this.sent.push(sent);
				const given = await answer(sent, this.sent.length);
				if (given instanceof Error) throw given;
				return 'statusCode' in given ? (given as IN8nHttpFullResponse) : reply(200, given);
			},
			...more,
		});
	}

	/** Methods and paths of all requests, without their queries. */
	get lines(): string[] {
		return this.sent.map(({ method, path }) => `${method} ${path}`);
	}
}

function sentOf(options: IHttpRequestOptions): Sent {
	const url = new URL(options.url);
	return {
		method: options.method ?? 'GET',
		path: url.pathname.replace(/^\/v1/, ''),
		filters: url.searchParams.getAll('q[]'),
		query: url.searchParams,
		body: typeof options.body === 'string' ? (JSON.parse(options.body) as IDataObject) : undefined,
		options,
	};
}

/** What a promise was rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<Error & IDataObject> {
	return await promise.then(
		(value) => {
			throw new Error(`Expected an error, got ${JSON.stringify(value)}`);
		},
		(error: unknown) => error as Error & IDataObject,
	);
}

export function thrownBy(call: () => unknown): Error & IDataObject {
	try {
		call();
	} catch (error) {
		return error as Error & IDataObject;
	}
	throw new Error('Expected an error');
}

/** The digest of a file's bytes; any string can stand for them. */
export function digestOf(bytes: string | Buffer): string {
	return createHash('sha256').update(bytes).digest('hex');
}

/** A file that must not be read; its digest is that of its `source`. */
export function fileOf(more: Partial<SourceFile> = {}): SourceFile {
	const { source = 'source of the file' } = more;
	return {
		name: 'Referral.pdf',
		size: 1000,
		contentType: 'application/pdf',
		source,
		digest: async () => await Promise.resolve(digestOf(source)),
		open: async () => await Promise.reject(new Error('not to be read')),
		...more,
	};
}

/** A file for patient 1. */
export function uploadOf(
	file: Partial<SourceFile> = {},
	more: Partial<Omit<Upload, 'file'>> = {},
): Upload {
	return {
		itemIndex: 0,
		field: {
			name: 'data',
			data: { mimeType: 'application/pdf', data: 'filesystem-v2', id: 'x:1' },
		},
		patientId: '1',
		description: '',
		identity: 'identity of the upload',
		skipIfThere: false,
		waitForProcessing: true,
		...more,
		file: fileOf(file),
	};
}

/** A patient attachment record that Cliniko has not processed yet. */
export function freshRecord(id: string, patientId = '1'): PatientAttachment {
	return {
		id,
		filename: null,
		content_type: null,
		size: null,
		description: null,
		processing_completed: false,
		processed_at: null,
		created_at: '2026-03-02T09:00:00Z',
		patient: { links: { self: `https://api.au1.cliniko.com/v1/patients/${patientId}` } },
		content: null,
	};
}

/** The same record afterwards. */
export function processedRecord(
	id: string,
	filename = 'Referral.pdf',
	size = 1000,
	patientId = '1',
): PatientAttachment {
	return {
		...freshRecord(id, patientId),
		filename,
		size,
		content_type: 'application/pdf',
		processing_completed: true,
		processed_at: '2026-03-02T09:00:05Z',
		content: {
			links: { self: `https://api.au1.cliniko.com/v1/patient_attachments/${id}/content` },
		},
	};
}

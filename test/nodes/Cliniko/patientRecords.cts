import type { IDataObject } from 'n8n-workflow';

import type { CreateRequest } from '../../../nodes/Cliniko/once/createRecordOnce.ts';
import type { RecordSearch } from '../../../nodes/Cliniko/once/recordSearch.ts';
import type { PatientAttachment } from '../../../nodes/Cliniko/records/patientAttachment.ts';
import type {
	ClinikoApi,
	ClinikoConnection,
} from '../../../nodes/Cliniko/transport/cliniko/clinikoApi.ts';
import { createRecord } from '../../../nodes/Cliniko/upload/createRecord.ts';
import type { Upload } from '../../../nodes/Cliniko/upload/upload.ts';
import type { Clock } from './clock.cts';
import {
	digestOf,
	FakeCliniko,
	freshRecord,
	processedRecord,
	reply,
	type Answer,
	type Sent,
} from './connection.cts';

/** The upload URL. */
export const URL_OF_POST = 'https://files.s3.amazonaws.com/';

/** The outcome of a request to create a record. */
export type Outcome =
	| 'answered'
	/** Accepted, but the reply does not identify the record. */
	| 'created, unreadable'
	/** The same, but the reply's `Location` identifies the record. */
	| 'created, location'
	| 'created, unanswered'
	| 'not created, unanswered'
	| 'created, 500'
	| 'not created, 500'
	| 'used up'
	/** No reply, and the record is created up to a minute later. */
	| 'created late, unanswered';

/** The API key's user, and another one. */
export const OWN_USER = '5';
export const OTHER_USER = '6';

/** A record in Cliniko. */
export interface Kept {
	id: string;
	/** The index of its file; undefined if it is somebody else's. */
	file?: number;
	name: string;
	size: number;
	description: string;
	patientId: string;
	/** ms since 1970 by our clock. */
	created: number;
	/** The same; infinite if never. */
	processed: number;
	/** The same: when the list starts to show it. */
	listed: number;
	digest: string;
	userId: string;
}

/** The S3 key of a file, by its index. */
export function keyOf(file: number): string {
	return `temp/file-${file}-Referral.pdf`;
}

/** Creates the record of the upload with the index `file`. */
export function creationOf(api: ClinikoApi, upload: Upload, file = 0): CreateRequest {
	const stored = { url: URL_OF_POST, key: keyOf(file), clockAhead: 0 };
	return async (attempt) => await createRecord(api, upload, stored, attempt);
}

/**
 * Cliniko with patients' records in memory. Replies take a random time, the list is in random order,
 * and the test sets the outcome of each request to create a record.
 */
export class PatientRecords {
	readonly kept: Kept[] = [];

	/** The number of requests to create each file's record. */
	readonly asked: number[];

	private lastId = 100;

	constructor(
		private readonly clock: Clock,
		private readonly uploads: Upload[],
		/** The outcome of the `nth` request for a file, from 1. */
		public outcome: (file: number, nth: number) => Outcome,
		private readonly random: () => number,
		{
			refusesUsed = false,
			ahead = 0,
			lag = 0,
			changesText = false,
			contentReadable = true,
			onPost = () => {},
		}: {
			/** Whether a stored file can be used for only one record. */
			refusesUsed?: boolean;
			/** Clock skew in ms; positive if Cliniko's clock is ahead. */
			ahead?: number;
			/** Maximum delay before the list shows a new record, in ms. */
			lag?: number;
			/** Whether it cleans names, truncates descriptions and backdates records by some seconds. */
			changesText?: boolean;
			contentReadable?: boolean;
			/** Called for each request to create a record. */
			onPost?: (upload: Upload) => void;
		} = {},
	) {
		this.asked = uploads.map(() => 0);
		this.refusesUsed = refusesUsed;
		this.ahead = ahead;
		this.lag = lag;
		this.changesText = changesText;
		this.contentReadable = contentReadable;
		this.onPost = onPost;
	}

	contentReadable: boolean;

	private readonly lag: number;

	private readonly changesText: boolean;

	private readonly refusesUsed: boolean;

	private readonly ahead: number;

	private readonly onPost: (upload: Upload) => void;

	/** Its API for one run of the node. */
	connect(more: Partial<ClinikoConnection> = {}): ClinikoApi {
		const { clock } = this;
		return new FakeCliniko(async (sent) => await this.answer(sent), { clock, ...more }).api;
	}

	/** Its search tools for one run of the node. */
	search(api: ClinikoApi, pause = this.clock.pause): RecordSearch {
		return {
			api,
			pause,
			digestOf: async ({ id }: PatientAttachment) => {
				await pause(Math.floor(this.random() * 500));
				return this.contentReadable ? this.kept.find((one) => one.id === id)?.digest : undefined;
			},
			ownUser: async () => await Promise.resolve(OWN_USER),
		};
	}

	/** Adds a record, by default by the key's user. */
	keep(
		more: Pick<Kept, 'name' | 'size' | 'description' | 'patientId'> & Partial<Omit<Kept, 'id'>>,
	): Kept {
		const id = String(++this.lastId);
		const record = {
			id,
			created: this.clock.time,
			processed: this.clock.time + Math.floor(this.random() * 5000),
			listed: this.clock.time + Math.floor(this.random() * this.lag),
			digest: digestOf(`bytes of ${id}`),
			userId: OWN_USER,
			...more,
		};
		this.kept.push(record);
		return record;
	}

	/** The records of a file. */
	of(file: number): Kept[] {
		return this.kept.filter((record) => record.file === file);
	}

	private async answer(sent: Sent): Promise<Answer> {
		if (sent.method === 'POST') return await this.create(sent.body!);
		await this.wait(500);
		if (sent.path.endsWith('/attachment_presigned_post')) {
			const date = new Date(this.theirSecond(this.clock.time)).toUTCString();
			return reply(200, { url: URL_OF_POST, fields: { key: 'temp/${filename}' } }, { date });
		}
		const [, id] = /^\/patient_attachments\/(\d+)$/.exec(sent.path) ?? [];
		if (id) {
			const record = this.kept.find((one) => one.id === id);
			return record ? this.view(record) : reply(404);
		}
		const filters = Object.fromEntries(
			sent.filters.map((filter) => filter.split(/:>?=/) as [string, string]),
		);
		// The value of `created_at:>=…` contains colons.
		const since = Date.parse(sent.filters.find((one) => one.startsWith('created_at'))!.slice(13));
		const rows = this.kept
			.filter((record) => record.patientId === filters.patient_id)
			.filter((record) => record.listed <= this.clock.time)
			.filter((record) => this.createdAt(record) >= since)
			.map((record) => ({ record, at: this.random() }))
			.sort((a, b) => a.at - b.at);
		return { patient_attachments: rows.map(({ record }) => this.view(record)) };
	}

	private async create({
		upload_url: url,
		description = '',
		patient_id: patientId,
	}: IDataObject): Promise<Answer> {
		const file = Number(/file-(\d+)/.exec(String(url))![1]);
		const upload = this.uploads[file]!;
		this.onPost(upload);
		const outcome = this.outcome(file, ++this.asked[file]!);
		await this.wait(800);
		const digest = await upload.file.digest();
		const run = () => {
			if (outcome === 'used up' || (this.refusesUsed && this.of(file).length > 0)) return undefined;
			const { name, size } = upload.file;
			return this.keep({
				file,
				name,
				size,
				description: String(description),
				patientId: String(patientId),
				digest,
			});
		};
		const usedUp = reply(422, { errors: { temp_attachment_url: 'has been used already' } });
		if (outcome === 'created late, unanswered') {
			void this.wait(60_000).then(run);
		} else if (!outcome.startsWith('not')) {
			const record = run();
			if (!record) return usedUp;
			await this.wait(800);
			if (outcome === 'answered') return reply(201, this.view(record));
			if (outcome === 'created, unreadable') return reply(201, '<html>');
			if (outcome === 'created, location') {
				const location = `https://api.au1.cliniko.com/v1/patient_attachments/${record.id}`;
				return reply(302, '', { location });
			}
		}
		if (outcome.endsWith('500')) return reply(500);
		await this.wait(30_000);
		return new Error('ECONNRESET');
	}

	private view(kept: Kept): IDataObject {
		const { id, processed, patientId, size, userId, name, description } = kept;
		const shown = this.changesText ? name.toLowerCase().replace(/[^a-z0-9.]+/g, '_') : name;
		const base =
			this.clock.time < processed
				? freshRecord(id, patientId)
				: processedRecord(id, shown, size, patientId);
		return {
			...base,
			description: (this.changesText ? description.trim().slice(0, 5) : description) || null,
			created_at: new Date(this.createdAt(kept)).toISOString().replace('.000', ''),
			user: { links: { self: `https://api.au1.cliniko.com/v1/users/${userId}` } },
		};
	}

	private createdAt({ created }: Kept): number {
		return this.theirSecond(created - (this.changesText ? 9000 : 0));
	}

	/** Cliniko's time, in whole seconds. */
	private theirSecond(time: number): number {
		return Math.floor((time + this.ahead) / 1000) * 1000;
	}

	private async wait(longest: number): Promise<void> {
		await this.clock.pause(Math.floor(this.random() * longest));
	}
}

import type { IBinaryData } from 'n8n-workflow';

import { ClinikoError, oneLine, rethrowOwn } from '../errors';
import { isUnreadable, type PatientAttachment } from '../records/patientAttachment';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import type { Pause } from '../transport/cliniko/rateLimit';
import { readRefusal } from '../transport/s3/reply';
import { unlessStill } from '../transport/stall';
import { tidyFileName } from '../upload/fileName';

/** How often a file is fetched, the first time included. */
const TRIES = 4;

/** The first wait between tries, in ms; it doubles each time. */
const FIRST_WAIT = 1000;

/** What fetching a file needs. A `Content` is a stream of bytes that nobody has read from yet. */
export interface FileStore<Content> {
	/**
	 * Asks S3, without the key. Resolves for every status; rejects if no reply comes, or when `signal`
	 * breaks it off.
	 */
	fetch: (address: string, signal: AbortSignal) => Promise<{ status: number; content: Content }>;
	/** Reads the XML of a refusal. */
	text: (content: Content) => Promise<string>;
	/**
	 * Streams a file into n8n's store.
	 *
	 * @param arrived is told how many bytes have come, each time
	 */
	store: (
		content: Content,
		name: string,
		type: string,
		signal: AbortSignal,
		arrived: (bytes: number) => void,
	) => Promise<IBinaryData>;
	pause: Pause;
}

/**
 * Fetches the file of an attachment into n8n's store. Cliniko redirects to an address at S3 that is
 * good for a short while; S3 gets no key.
 *
 * @param record as it is now
 * @returns the file with the name and the type that the record has
 * @throws ClinikoError if Cliniko has not processed the file, could not read it, or if it does not
 *   arrive whole
 */
export async function downloadFile<Content>(
	api: ClinikoApi,
	record: PatientAttachment,
	{ fetch, text, store, pause }: FileStore<Content>,
): Promise<IBinaryData> {
	assertReadable(record);
	const { id } = record;
	const name = tidyFileName(String(record.filename ?? ''), `attachment-${id}`);
	const type = String(record.content_type ?? '') || 'application/octet-stream';
	for (let attempt = 1; ; attempt++) {
		const address = await api.addressOfFile(contentPath(record, api.shard), {
			what: `download attachment ${id}`,
			notFound: `Cliniko has no file for attachment ${id}.`,
		});
		let size = 0;
		const transfer = async (signal: AbortSignal) => {
			const { status, content } = await fetch(address, signal);
			if (status !== 200) return refused(id, status, await text(content).catch(() => ''));
			const arrived = (bytes: number) => (size += bytes);
			const data = await store(content, name, type, signal, arrived);
			const isWhole = typeof record.size !== 'number' || record.size === size;
			return isWhole ? data : incomplete(id, size, record.size as number);
		};
		const result = await unlessStill(pause, () => size, transfer).catch((error: unknown) => {
			rethrowOwn(error);
			return broken(id);
		});
		if (!(result instanceof ClinikoError)) return result;
		if (attempt === TRIES) throw result;
		await pause(FIRST_WAIT * 2 ** (attempt - 1));
	}
}

function assertReadable(record: PatientAttachment): void {
	const { id } = record;
	if (isUnreadable(record)) {
		throw new ClinikoError(
			`Cliniko could not read the file of attachment ${id}, so there is nothing to download.`,
			'It was damaged, or its name does not end in what it is. Upload the right file, and archive this attachment.',
		);
	}
	if (record.processing_completed === false) {
		throw new ClinikoError(
			`Cliniko has not finished processing the file of attachment ${id}.`,
			'Run the step again in a minute. Cliniko Trigger can start a workflow when a file has been processed.',
		);
	}
}

/**
 * Where Cliniko has the content. The record says so; but the key goes along, so only a path below the
 * record's own at Cliniko's API is followed.
 */
export function contentPath({ id, content }: PatientAttachment, shard: string): string {
	const own = `/patient_attachments/${id}`;
	const links = (content as { links?: { self?: unknown } } | null | undefined)?.links;
	const start = `https://api.${shard}.cliniko.com/v1`;
	const told = String(links?.self ?? '');
	return told.startsWith(`${start}${own}/`) && /^[\w/:.-]+$/.test(told) && !told.includes('..')
		? told.slice(start.length)
		: `${own}/content`;
}

function refused(id: string, status: number, xml: string): ClinikoError {
	const { code, message } = readRefusal(xml);
	const theirs = oneLine([code, message].filter(Boolean).join(': '));
	return new ClinikoError(
		`Cliniko's file store (Amazon S3) did not give out the file of attachment ${id}: ${theirs || `status ${status}`}.`,
		'Run the step again. If it stays like this, see whether the file opens in Cliniko.',
		status,
	);
}

function incomplete(id: string, size: number, expected: number): ClinikoError {
	return new ClinikoError(
		`The file of attachment ${id} did not arrive whole: ${size} of ${expected} bytes.`,
		'Run the step again. The file in Cliniko is not touched by this.',
	);
}

function broken(id: string): ClinikoError {
	return new ClinikoError(
		`The connection broke while the file of attachment ${id} was downloaded from Cliniko's file store (Amazon S3).`,
		'Check that this n8n can reach Amazon S3 and has room for the file, and run the step again.',
	);
}

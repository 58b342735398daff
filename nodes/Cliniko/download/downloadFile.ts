import type { IBinaryData, IN8nHttpFullResponse } from 'n8n-workflow';

import { ClinikoError, oneLine, rethrowOwn } from '../errors';
import { tidyFileName } from '../records/fileName';
import { isUnreadable, type PatientAttachment } from '../records/patientAttachment';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { apiHost } from '../transport/cliniko/shard';
import type { FileReply, FileStore } from '../transport/fileStore';
import { withIdleTimeout } from '../transport/idleTimeout';
import { retry } from '../transport/retry';
import { readRefusal } from '../transport/s3/reply';

/** The maximum number of attempts to download a file. */
const TRIES = 4;

/** The first backoff, in ms. */
const FIRST_WAIT = 1000;

/** What was downloaded. */
export interface DownloadedFile {
	data: IBinaryData;
	/** A warning for the user, if any. */
	warning?: string;
}

/**
 * Downloads the file of an attachment into n8n's store. Cliniko redirects to a signed URL at S3, which
 * is valid for a short time and gets no API key. A file that Cliniko sends itself is accepted too.
 *
 * @param record the current record
 * @returns the file, with the name and type of the record
 * @throws ClinikoError if Cliniko has not processed the file or could not read it, or if it does not
 *   arrive complete
 */
export async function downloadFile<Content>(
	api: ClinikoApi,
	record: PatientAttachment,
	{ fetch, text, store, pause }: FileStore<Content>,
): Promise<DownloadedFile> {
	assertReadable(record);
	const { id } = record;
	const name = tidyFileName(String(record.filename ?? ''), `attachment-${id}`);
	const type = String(record.content_type ?? '') || 'application/octet-stream';
	const attempt = async (): Promise<DownloadedFile | ClinikoError> => {
		const found = await api.requestFile(contentPath(record, api.shard), {
			action: `download attachment ${id}`,
			notFound: `Cliniko has no file for attachment ${id}.`,
		});
		let size = 0;
		const transfer = async (signal: AbortSignal) => {
			const { status, headers, content } =
				typeof found === 'string' ? await fetch(found, signal) : fileReply<Content>(found);
			if (status !== 200) return refused(id, status, await text(content).catch(() => ''));
			const arrived = (bytes: number) => (size += bytes);
			const data = await store(content, name, type, signal, arrived);
			return checked(record, data, size, headers);
		};
		return await withIdleTimeout(pause, () => size, transfer).catch((error: unknown) => {
			rethrowOwn(error);
			return broken(id);
		});
	};
	const shouldRetry = (result: DownloadedFile | ClinikoError) => result instanceof ClinikoError;
	const result = await retry(attempt, { tries: TRIES, firstWait: FIRST_WAIT, shouldRetry, pause });
	if (result instanceof ClinikoError) throw result;
	return result;
}

/** A reply of Cliniko's own that has the file in it. */
export function fileReply<Content>({
	statusCode,
	headers,
	body,
}: IN8nHttpFullResponse): FileReply<Content> {
	return { status: statusCode, headers, content: body as Content };
}

/**
 * Compares the size of the download with the expected one. If it is complete, it is accepted even if the
 * record gives another size, with a warning.
 */
function checked(
	record: PatientAttachment,
	data: IBinaryData,
	size: number,
	headers: Record<string, unknown>,
): DownloadedFile | ClinikoError {
	const { id } = record;
	const sent =
		headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
	const recorded = sizeOf(record);
	if (size === recorded) return { data };
	// A web page or an error message, and not the file.
	if (isPage(record, headers)) return notTheFile(id);
	const expected = recorded ?? sent;
	if (expected === undefined || size === expected) return { data };
	if (size !== sent) return incomplete(id, size, expected);
	return {
		data,
		warning: `The file has ${size} bytes, but its record in Cliniko says ${recorded}. It arrived complete; check that it is the right file.`,
	};
}

/** The size in a record, which may be a number or a string; undefined if there is none. */
function sizeOf({ size }: PatientAttachment): number | undefined {
	return /^\d+$/.test(String(size)) ? Number(size) : undefined;
}

/** Whether a proxy or Cliniko has sent a web page or an error message instead of the file. */
export function isPage(record: PatientAttachment, headers: Record<string, unknown>): boolean {
	const served = String(headers['content-type'] ?? '')
		.split(';')[0]!
		.trim()
		.toLowerCase();
	const type = String(record.content_type ?? '').toLowerCase();
	return ['text/html', 'application/json'].includes(served) && served !== type;
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
 * The path of the content, from the link in the record. The request carries the API key, so the link
 * is used only if it leads to a path below the record's own in Cliniko's API.
 */
export function contentPath({ id, content }: PatientAttachment, shard: string): string {
	const own = `/patient_attachments/${id}`;
	const start = `https://${apiHost(shard)}/v1`;
	const told = String(content?.links?.self ?? '');
	return told.startsWith(`${start}${own}/`) && /^[\w/:.-]+$/.test(told) && !told.includes('..')
		? told.slice(start.length)
		: `${own}/content`;
}

function refused(id: string, status: number, xml: string): ClinikoError {
	const { code, message } = readRefusal(xml);
	const theirs = oneLine([code, message].filter(Boolean).join(': '));
	return new ClinikoError(
		`Cliniko's file store (Amazon S3) did not deliver the file of attachment ${id}: ${theirs || `status ${status}`}.`,
		'Run the step again. If it keeps happening, see whether the file opens in Cliniko.',
		status,
	);
}

function incomplete(id: string, size: number, expected: number): ClinikoError {
	return new ClinikoError(
		`The file of attachment ${id} did not arrive complete: ${size} of ${expected} bytes.`,
		'Run the step again. The file in Cliniko is not affected.',
	);
}

function notTheFile(id: string): ClinikoError {
	return new ClinikoError(
		`Something else arrived instead of the file of attachment ${id}, such as a web page.`,
		'A proxy or firewall between n8n and Cliniko may have answered. Run the step again. If it keeps happening, see whether the file opens in Cliniko.',
	);
}

function broken(id: string): ClinikoError {
	return new ClinikoError(
		`The connection broke while the file of attachment ${id} was downloaded from Cliniko's file store (Amazon S3).`,
		'Check that this n8n can reach Amazon S3 and has room for the file, and run the step again.',
	);
}

import { ClinikoError } from '../errors';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { clinikoMoment } from '../transport/cliniko/moment';
import type { Pause } from '../transport/cliniko/rateLimit';
import { isClinikoRecord } from '../records/clinikoRecord';
import { isUnreadable, type PatientAttachment } from '../records/patientAttachment';
import type { Upload } from './uploadFile';

/**
 * The waits before each look, in ms. A request that nobody answered may still be at work at Cliniko;
 * one that was answered with a fault is over, and its record, if any, is there.
 */
const LOOKS = { unanswered: [2000, 4000, 8000, 16_000], answered: [1000, 2000] };

/** How long a record that may be ours is waited for until it is processed, in ms, and how often. */
const PROCESSING = 60_000;
const PROCESSING_INTERVAL = 3000;

/** How well a record fits a file that may have become it. */
type Fit = 'ours' | 'maybe' | 'unprocessed' | 'other';

/** What is known of a creation that may have run. */
export interface OpenCreation {
	/** Before the first creation of the files that look alike was asked for, ms by Cliniko's clock. */
	since: number;
	/** Whether Cliniko answered the request. */
	answered: boolean;
	/** Ids of records that are known to be others'. */
	claimed: ReadonlySet<string>;
	/** How many files look like this one and are open, this one included. */
	alike: number;
	/** How many of them were asked for before this one. */
	place: number;
}

/**
 * Looks for the record of a file whose creation may have run.
 *
 * A record says nothing about where its file came from, so it is told by what it shows: the patient,
 * the description, and, once Cliniko has processed it, the file's name and size. A record is adopted
 * only on name and size: somebody else may put a file on the same patient's record at the same
 * moment. Cliniko may change a name or a size in ways we do not know of, so a record with only one of
 * them right is neither adopted nor passed over.
 *
 * The caller sees to it that no other file of this run creates a record for the patient meanwhile,
 * and that the records of this run's other files are in `claimed`. What is left may be ours, or that
 * of another file of this run whose creation is open too (`alike`: those with the same name, size and
 * description). As many fitting records as such files means that each of them is stored, and which
 * record goes with which makes no difference: they get them in the order of their creation.
 *
 * @returns the record; nothing if there is none
 * @throws ClinikoError if it cannot be told
 */
export async function findRecord(
	api: ClinikoApi,
	pause: Pause,
	upload: Upload,
	{ since, answered, claimed, alike, place }: OpenCreation,
): Promise<PatientAttachment | undefined> {
	const waits = answered ? LOOKS.answered : LOOKS.unanswered;
	const lastLook = waits.length + Math.ceil(PROCESSING / PROCESSING_INTERVAL);
	for (let look = 0; ; look++) {
		await pause(waits[look] ?? PROCESSING_INTERVAL);
		const records = await recordsSince(api, upload, since).catch(withWarning);
		const candidates = records.filter(({ id }) => !claimed.has(id));
		const fitting = (fit: Fit) => candidates.filter((record) => fitOf(record, upload) === fit);
		const [ours, open] = [fitting('ours'), fitting('unprocessed')];
		if (ours.length === alike) return ours.sort(byCreation)[place];
		// A record that is not processed yet may be the one; otherwise the last look decides.
		if (look < waits.length - 1 || (open.length > 0 && look < lastLook)) continue;
		const unclear = [...ours, ...open, ...fitting('maybe')];
		if (unclear.length === 0) return undefined;
		throw new ClinikoError(
			`The connection broke while the file "${upload.file.name}" was put on the record of patient ${upload.patientId}, and it cannot be told whether it is there. It may be attachment ${unclear.map(({ id }) => id).join(' or ')}.`,
			'Look at the patient’s files in Cliniko. If the file is not there, run the workflow again for it.',
		);
	}
}

async function recordsSince(
	api: ClinikoApi,
	{ patientId, file }: Upload,
	since: number,
): Promise<PatientAttachment[]> {
	const filters = [`patient_id:=${patientId}`, `created_at:>=${clinikoMoment(since)}`];
	const records: PatientAttachment[] = [];
	const purpose = {
		what: `see whether the file "${file.name}" is on the record of patient ${patientId}, which is open since the connection broke`,
	};
	for await (const rows of api.list('patient_attachments', filters, purpose)) {
		records.push(...rows.filter(isClinikoRecord));
	}
	return records;
}

/** To run the workflow again, as the error alone would say, might store the file twice. */
function withWarning({ message, description, httpCode }: ClinikoError): never {
	throw new ClinikoError(
		message,
		`The file may be there: look at the patient’s files in Cliniko before you run the workflow again. ${description}`,
		httpCode,
	);
}

function byCreation(a: PatientAttachment, b: PatientAttachment): number {
	return Date.parse(String(a.created_at)) - Date.parse(String(b.created_at)) || 0;
}

function fitOf(record: PatientAttachment, { description, file }: Upload): Fit {
	if (String(record.description ?? '').trim() !== description.trim()) return 'other';
	if (record.processing_completed !== true && !isUnreadable(record)) return 'unprocessed';
	if (record.filename == null || record.size == null) return 'maybe';
	const sameName = sameLetters(String(record.filename), file.name);
	const sameSize = Number(record.size) === file.size;
	if (sameName && sameSize) return 'ours';
	return sameName || sameSize ? 'maybe' : 'other';
}

/** Compares what people would call the same name. */
function sameLetters(a: string, b: string): boolean {
	const letters = (name: string) =>
		name
			.normalize('NFKC')
			.toLowerCase()
			.replace(/[^\p{L}\p{N}]/gu, '');
	return letters(a) === letters(b);
}

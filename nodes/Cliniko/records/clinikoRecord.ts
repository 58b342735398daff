import type { IDataObject } from 'n8n-workflow';

/** A record of Cliniko's API. Ids are decimal strings of up to 64 bits. */
export type ClinikoRecord = IDataObject & { id: string };

/** What Cliniko gives in place of another record, or of a list of them. */
export interface Link {
	links?: { self?: string } | null;
}

/** Whether a value is a record with a valid id. Its other fields are what Cliniko's documents say. */
export function isClinikoRecord<R extends ClinikoRecord = ClinikoRecord>(
	value: unknown,
): value is R {
	const id: unknown = (value as IDataObject | undefined)?.id;
	return typeof id === 'string' && /^\d+$/.test(id);
}

/** The largest signed 64-bit integer. */
const LARGEST_ID = 2n ** 63n - 1n;

/** An id without leading zeros; undefined if the text is not a possible id. */
export function exactId(text: string): string | undefined {
	if (!/^\d{1,19}$/.test(text)) return undefined;
	const id = BigInt(text);
	return id >= 1n && id <= LARGEST_ID ? id.toString() : undefined;
}

/**
 * The id in a link to another record.
 *
 * @param link of the form `{ links: { self: 'https://…/patients/12' } }`; the URL may be relative, and
 *   have a query or a trailing slash
 * @param collection the part of the path before the id, such as `patients`
 * @returns undefined if there is no link, or it is to another collection
 */
export function linkedId(link: unknown, collection: string): string | undefined {
	const links = (link as IDataObject | undefined | null)?.links as IDataObject | undefined;
	const [path = ''] = String(links?.self).split(/[?#]/);
	const [, name, id] = /(?:^|\/)([a-z_]+)\/(\d+)\/?$/.exec(path) ?? [];
	return name === collection ? id : undefined;
}

/** The value of a field; null if it is empty or missing. */
export function valueOrNull<T>(value: T): Exclude<T, undefined> | null {
	return value === undefined || value === '' ? null : (value as Exclude<T, undefined>);
}

/**
 * Whether a record of a patient's list is the patient's: if Cliniko ignores the filter, the list has other
 * patients' records. One that names no patient may be.
 */
export function mayBeOfPatient(
	record: ClinikoRecord & { patient?: unknown },
	patientId: string,
): boolean {
	return (linkedId(record.patient, 'patients') ?? patientId) === patientId;
}

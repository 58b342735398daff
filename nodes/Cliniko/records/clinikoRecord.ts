import type { IDataObject } from 'n8n-workflow';

/** A record as `ClinikoApi` gives it. Ids are decimal strings of up to 64 bits. */
export type ClinikoRecord = IDataObject & { id: string };

/** Whether a value is a record that can be relied on: it has an id, fit to go into a path. */
export function isClinikoRecord(value: unknown): value is ClinikoRecord {
	const id: unknown = (value as IDataObject | undefined)?.id;
	return typeof id === 'string' && /^\d+$/.test(id);
}

/**
 * The id of the record that a link of another one leads to.
 *
 * @param link of the form `{ links: { self: 'https://…/patients/12' } }`; the address may be relative,
 *   and have a query or a slash at its end
 * @param collection the last part of its path but the id, such as `patients`
 * @returns nothing if the link is not there or leads elsewhere
 */
export function linkedId(link: unknown, collection: string): string | undefined {
	const links = (link as IDataObject | undefined | null)?.links as IDataObject | undefined;
	const [path = ''] = String(links?.self).split(/[?#]/);
	const [, name, id] = /(?:^|\/)([a-z_]+)\/(\d+)\/?$/.exec(path) ?? [];
	return name === collection ? id : undefined;
}

/** The value of a field; null if it has none, which may also be written as an empty text. */
export function valueOrNull(value: IDataObject[string]): IDataObject[string] {
	return value === undefined || value === '' ? null : value;
}

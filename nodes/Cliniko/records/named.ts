import type { ClinikoRecord } from './clinikoRecord';

/**
 * A record of which only the name is read: a type, such as a concession type, a practitioner or a
 * business. Cliniko's reference does not say which of the names is always there.
 */
export type NamedRecord = ClinikoRecord & {
	name?: string;
	business_name?: string | null;
	display_name?: string | null;
	label?: string | null;
	title?: string | null;
	first_name?: string | null;
	last_name?: string | null;
};

/** What people call a record; null if it has no name. */
export function nameOf(record: NamedRecord): string | null {
	const { name, business_name, display_name, label, title, first_name, last_name } = record;
	const inFull = [title, first_name, last_name].filter(Boolean).join(' ');
	const names = [name, business_name, display_name, label, inFull];
	return names.map((one) => one?.trim()).find(Boolean) ?? null;
}

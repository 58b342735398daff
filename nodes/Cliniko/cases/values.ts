import { linkedId } from '../records/clinikoRecord';
import type { PatientCase } from '../records/patientCase';
import { plainText } from '../records/plainText';
import { CASE_FIELDS } from './fields';

/** What is known of a case, by Cliniko's names. Only fields that were given; null empties a field. */
export type CaseValues = Record<string, unknown>;

/**
 * The value that a record has for a field of a request.
 *
 * @returns null if it is empty; undefined if the record does not show it
 */
export function shownValue(record: PatientCase, field: string): unknown {
	if (field !== 'contact_id') return record[field];
	return record.contact ? linkedId(record.contact, 'contacts') : null;
}

/** Whether two values of a field are the same: Cliniko may write amounts and end lines in its own way. */
export function isSameValue(field: string, a: unknown, b: unknown): boolean {
	const [left, right] = [a, b].map((value) => {
		const text = plainText(value);
		const isAmount = CASE_FIELDS.some(({ name, kind }) => name === field && kind === 'amount');
		return isAmount && text !== '' ? String(Number(text)) : text;
	});
	return left === right;
}

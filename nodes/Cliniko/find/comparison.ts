import { isClinikoRecord } from '../records/clinikoRecord';
import type { Patient } from '../records/patient';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import type { ErrorContext } from '../transport/cliniko/refusal';
import type { Sensitivity } from './names';

/**
 * Finds out whether Cliniko's text filters are sensitive to case and accents, which is not documented.
 * It searches for an existing patient by ID and by their name in another case and with another accent.
 * If that does not find them, neither would a name that a form spells differently.
 *
 * Sends one or two requests, and one more if no patient is known.
 *
 * @param fields Cliniko's names of the text fields to search by; `email` has no accents
 * @param known patients who have already been read
 * @throws ClinikoError if a request fails
 */
export async function detectSensitivity(
	api: ClinikoApi,
	fields: string[],
	known: Patient[],
	errorContext: ErrorContext,
): Promise<Sensitivity> {
	const sample = sampleOf(known, fields) ?? (await anySample(api, fields, errorContext));
	if (!sample) return 'case';
	const { id, field, text } = sample;
	const shows = async (filter: string) => {
		const filters = [`id:=${id}`, `${field}:${filter}`, 'archived_at:*'];
		const { rows } = await api.page('patients', filters, errorContext, {
			per_page: '1',
			page: '1',
		});
		return rows.filter(isClinikoRecord).some((row) => row.id === id);
	};
	const flipped = text.replace(/[a-z]/gi, (letter) => {
		return letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
	});
	if (field === 'email') {
		return (await shows(`~${flipped.replace(/^~+/, '')}`)) ? 'nothing' : 'case';
	}
	const pattern = flipped.replace(/[^a-z]+/gi, '%');
	const accented = pattern.replace(/[aeiou]/i, (vowel) => `${vowel}\u0301`).normalize('NFC');
	if (await shows(`~~${accented}`)) return 'nothing';
	return (await shows(`~~${pattern}`)) ? 'marks' : 'case';
}

interface Sample {
	id: string;
	field: string;
	text: string;
}

/**
 * A patient's field that can be written in another case and with an accent. It must not have an accent
 * itself: a pattern with another one might match it even if Cliniko is sensitive to accents.
 */
function sampleOf(patients: Patient[], fields: string[]): Sample | undefined {
	for (const field of fields) {
		for (const { id, [field]: text } of patients) {
			if (typeof text === 'string' && /^[\x20-\x7e]*[aeiou][\x20-\x7e]*$/i.test(text)) {
				return { id, field, text };
			}
		}
	}
	return undefined;
}

async function anySample(
	api: ClinikoApi,
	[field = '']: string[],
	errorContext: ErrorContext,
): Promise<Sample | undefined> {
	const query = { per_page: '20', page: '1' };
	const { rows } = await api.page('patients', [`${field}:?`, 'archived_at:*'], errorContext, query);
	return sampleOf(rows.filter(isClinikoRecord<Patient>), [field]);
}

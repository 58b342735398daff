import { ClinikoError } from '../errors';
import type { Patient } from '../records/patient';
import { hasLetters, patternsOf, sameName, type Sensitivity } from './names';
import { plainNumber, samePhoneNumber } from './phoneNumber';

/** What a patient can be found by: the names of the node's parameters. */
export type CriterionName =
	| 'email'
	| 'firstName'
	| 'lastName'
	| 'preferredFirstName'
	| 'dateOfBirth'
	| 'mobile'
	| 'oldReferenceId';

/** One search criterion, with its value. */
export interface Criterion {
	name: CriterionName;
	/** The name of the parameter in the node. */
	label: string;
	/** The name of the field in Cliniko. */
	field: string;
	/** Whether the filters depend on how Cliniko compares text. */
	isText: boolean;
	/**
	 * Filters for Cliniko's `q[]`: every matching patient passes at least one of them, and others may
	 * too. Empty if there is no such filter, as for phone numbers.
	 */
	filters: (sensitivity: Sensitivity) => string[];
	fits: (patient: Patient) => boolean;
}

interface CriterionKind {
	label: string;
	/** The name of the field in Cliniko. */
	field: string;
	/** The lower, the fewer patients share a value. */
	rank: number;
	/** @throws ClinikoError if the value is invalid */
	read: (value: string, label: string) => string;
	isText: boolean;
	/** As in `Criterion`. */
	filters: (value: string, sensitivity: Sensitivity) => string[];
	same: (a: string, b: string) => boolean;
	/** The record's values, if there may be several. */
	valuesOf?: (patient: Patient) => string[];
}

const name = (label: string, field: string): CriterionKind => ({
	label,
	field,
	rank: 4,
	read: readName,
	isText: true,
	filters: (value, sensitivity) =>
		patternsOf(value, sensitivity).map((pattern) => `${field}:~~${pattern}`),
	same: sameName,
});

const KINDS: Record<CriterionName, CriterionKind> = {
	email: {
		label: 'Email',
		field: 'email',
		rank: 3,
		read: readEmail,
		isText: true,
		filters: (value, sensitivity) =>
			sensitivity === 'case'
				? rarestInBothCases(value).map((pattern) => `email:~~${pattern}`)
				: // A leading ~ would change the operator.
					[`email:~${value.toLowerCase().replace(/^~+/, '')}`],
		same: sameText,
	},
	firstName: name('First Name', 'first_name'),
	lastName: name('Last Name', 'last_name'),
	preferredFirstName: name('Preferred First Name', 'preferred_first_name'),
	dateOfBirth: {
		label: 'Date of Birth',
		field: 'date_of_birth',
		rank: 1,
		read: readDate,
		isText: false,
		filters: (value) => [`date_of_birth:=${value}`],
		same: (a, b) => a === b,
	},
	mobile: {
		label: 'Mobile',
		field: 'patient_phone_numbers',
		rank: 5,
		read: readPhoneNumber,
		isText: false,
		filters: () => [],
		same: samePhoneNumber,
		// Whatever type it has on the record.
		valuesOf: ({ patient_phone_numbers: phones }) =>
			(Array.isArray(phones) ? phones : []).flatMap((phone) =>
				[phone?.number, phone?.normalized_number].filter((one) => typeof one === 'string'),
			),
	},
	oldReferenceId: {
		label: 'Old Reference ID',
		field: 'old_reference_id',
		rank: 2,
		read: (value) => value,
		isText: false,
		filters: (value) => {
			if (!/\p{L}/u.test(value)) return [`old_reference_id:=${value}`];
			const pattern = withoutLetters(value);
			return pattern === '%' ? [] : [`old_reference_id:~~${pattern}`];
		},
		same: sameText,
	},
};

/** All criteria, in the order in which the node shows them. */
export const CRITERIA = Object.entries(KINDS).map(([key, { label }]) => ({
	name: key as CriterionName,
	label,
}));

/**
 * Makes a criterion of a value.
 *
 * @param value from a form or an e-mail; not empty
 * @throws ClinikoError if the value is invalid
 */
export function criterion(name: CriterionName, value: string): Criterion {
	const { label, field, read, isText, filters, same } = KINDS[name];
	const wanted = read(value.trim(), label);
	return {
		name,
		label,
		field,
		isText,
		filters: (sensitivity) => filters(wanted, sensitivity),
		fits: (patient) => valuesIn(patient, name).some((given) => same(given, wanted)),
	};
}

/** Sorts criteria, the most selective first. */
export function mostSelectiveFirst(criteria: Criterion[]): Criterion[] {
	return [...criteria].sort((a, b) => KINDS[a.name].rank - KINDS[b.name].rank);
}

/** The labels of the fields whose value is different for each of these patients. */
export function distinguishingFields(patients: Patient[], known: Criterion[]): string[] {
	return CRITERIA.filter(({ name: one }) => {
		if (known.some((criterion) => criterion.name === one)) return false;
		const { same } = KINDS[one];
		const values = patients.map((patient) => valuesIn(patient, one));
		return values.every((own, at) => {
			const others = values.slice(at + 1).flat();
			return own.length > 0 && !own.some((value) => others.some((other) => same(value, other)));
		});
	}).map(({ label }) => label);
}

/** A patient's values for a criterion: usually one, or none. */
function valuesIn(patient: Patient, name: CriterionName): string[] {
	const { field, valuesOf } = KINDS[name];
	const values = valuesOf?.(patient) ?? [patient[field]];
	return values.flatMap((value) => (typeof value === 'string' ? value.trim() || [] : []));
}

function readPhoneNumber(value: string, label: string): string {
	if (/\d/.test(plainNumber(value))) return value;
	throw new ClinikoError(
		`${label} has no digits for this item.`,
		'Check the expression, and what the form or the e-mail gives there.',
	);
}

function readName(value: string, label: string): string {
	if (hasLetters(value)) return value;
	throw new ClinikoError(
		`${label} has no letters for this item.`,
		'Check the expression, and what the form or the e-mail gives there.',
	);
}

/**
 * Extracts the address from `Jane Citizen <jane@mail.example>`, the form in which e-mail triggers give
 * it. Several addresses are an error, because any of them may be meant.
 *
 * @throws ClinikoError if it is not one address
 */
export function readEmail(value: string, label: string): string {
	const [, name = '', inBrackets] = /^("[^"]*"\s*|[^<>]*)<([^<>]*)>$/.exec(value) ?? [];
	const address = (inBrackets ?? value).trim();
	const isOther = !name.startsWith('"') && name.includes('@') && name.trim() !== address;
	if (!isOther && /^[^\s@<>,;]+@[^\s@<>,;]+$/.test(address)) return address;
	throw new ClinikoError(
		`${label} is not one e-mail address for this item.`,
		'Give one address, alone or as NAME <ADDRESS>.',
	);
}

/**
 * Accepts unambiguous dates only: 03/04/2010 may be two dates, and a time in UTC may be the day before.
 *
 * @returns for example `1987-05-31`
 * @throws ClinikoError if it is not such a date
 */
export function readDate(value: string, label: string): string {
	const [, day] =
		/^(\d{4}-\d\d-\d\d)(?:[T ]00:00(?::00(?:\.0+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/.exec(value) ?? [];
	const isDay = day && new Date(`${day}T00:00:00Z`).toJSON()?.startsWith(day);
	if (isDay) return day;
	throw new ClinikoError(
		`${label} is not a date in the form year-month-day for this item.`,
		'Write it such as 1987-05-31. An expression can bring other forms into it: {{ DateTime.fromFormat($json.born, "dd/MM/yyyy").toISODate() }}.',
	);
}

/** A pattern for `~~` without letters, because the record may have them in another case. */
function withoutLetters(value: string): string {
	return `${value.replace(/[\p{L}\p{M}]/gu, '%').replace(/^~+/, '%')}%`.replace(/%+/g, '%');
}

/** Two such patterns with the rarest letter: one in lower case, one in upper case. */
function rarestInBothCases(value: string): string[] {
	const letters = value.toLowerCase();
	const rarest = [...'qxzjkvwybfgpuhdmclrtsnoiae'].find((letter) => letters.includes(letter));
	if (!rarest) return [withoutLetters(value)];
	const at = letters.indexOf(rarest);
	const [before, after] = [value.slice(0, at), value.slice(at + 1)].map(withoutLetters);
	return [rarest, rarest.toUpperCase()].map((letter) =>
		`%${before}${letter}${after}`.replace(/%+/g, '%'),
	);
}

function sameText(a: string, b: string): boolean {
	return a.normalize('NFKC').toLowerCase() === b.normalize('NFKC').toLowerCase();
}

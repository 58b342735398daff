import type { Criterion } from '../find/criteria';
import { findPatients, type Found } from '../find/findPatients';
import { differInAccents, sameName } from '../find/names';
import { isArchived, type Patient } from '../records/patient';
import { readRecordIfExists } from '../requests/readRecord';
import { survivor } from '../requests/survivor';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { criteriaOf, nameKeyOf, type Person } from './person';
import { recentPatientsWith } from './recentPatients';

/** Why it is not clear which patient is meant. */
export interface Unclear {
	message: string;
	advice: string;
	/** Those it may be. */
	candidates: Patient[];
}

/** The one patient who matches; why that is unclear; or neither, if there is none. */
export interface Match {
	patient?: Patient;
	unclear?: Unclear;
}

/**
 * Finds the patient that a person is, as Find does: by both names and the date of birth, or else by both
 * names and the e-mail address, or else by both names and the mobile number. In these cases it is not
 * clear who the person is, because parent and child may share all of the rest:
 * - the one with these names and this address or number has another date of birth, or has none where
 *   one is given;
 * - the one with these names and this number has another address;
 * - the names are written with other accents, which makes them other names in Vietnamese, for example;
 * - the one with this date of birth, address and first name has another last name.
 *
 * Patients that this process has created lately count even if lists do not show them yet.
 *
 * @param person with a date of birth, an e-mail address or a mobile number: see `whyUnknown`
 * @param ruledOut the ids of patients who are not meant
 * @throws ClinikoError if a request fails
 */
export async function matchingPatient(
	api: ClinikoApi,
	person: Person,
	ruledOut: string[] = [],
): Promise<Match> {
	const isMeant = ({ id }: Patient) => !ruledOut.includes(id);
	const searches: Array<Array<keyof Person>> = [
		['firstName', 'lastName', 'dateOfBirth'],
		['firstName', 'lastName', 'email'],
		['firstName', 'lastName', 'mobiles'],
	];
	for (const fields of searches) {
		const criteria = criteriaOf(person, fields);
		if (criteria.length < fields.length) continue;
		const found = await search(api, person, criteria);
		const [patients, archived] = [found.patients.filter(isMeant), found.archived.filter(isMeant)];
		const all = [...patients, ...archived];
		if (all.length === 0) continue;
		const unlike = all.filter((one) => isWrittenOtherwise(one, person));
		if (unlike.length > 0) return { unclear: otherAccents(unlike) };
		if (person.dateOfBirth !== undefined) {
			// By the date of birth as well: the one who was born then may be merged into somebody else.
			const others = all.filter(({ date_of_birth: born }) => born && born !== person.dateOfBirth);
			if (others.length > 0) return { unclear: otherBirthday(others, criteria) };
			if (!fields.includes('dateOfBirth')) return { unclear: noBirthday(all, criteria) };
		}
		if (fields.includes('mobiles') && person.email !== undefined) {
			// Nobody has the address: the search for that comes first.
			const addressed = all.filter(({ email }) => email);
			if (addressed.length > 0) return { unclear: otherAddress(addressed, criteria) };
		}
		if (patients.length > 1) return { unclear: several(patients, criteria) };
		const [patient] = patients;
		return patient ? { patient } : { unclear: onlyArchived(archived, criteria) };
	}
	return await underAnotherName(api, person, isMeant);
}

/** Patients with the same date of birth and e-mail address whose name may have changed. */
async function underAnotherName(
	api: ClinikoApi,
	person: Person,
	isMeant: (patient: Patient) => boolean,
): Promise<Match> {
	const criteria = criteriaOf(person, ['dateOfBirth', 'email']);
	if (criteria.length < 2) return {};
	const { patients, archived } = await findPatients(api, criteria, false);
	// The first names of twins differ.
	const alike = [...patients, ...archived]
		.filter(isMeant)
		.filter((patient) =>
			[patient.first_name, patient.preferred_first_name].some(
				(name) => typeof name === 'string' && sameName(name, person.firstName),
			),
		);
	return alike.length > 0 ? { unclear: otherName(alike) } : {};
}

/** Why a person cannot be looked for, if they cannot. */
export function whyUnknown({ dateOfBirth, email, mobiles = [] }: Person): Unclear | undefined {
	if (dateOfBirth !== undefined || email !== undefined || mobiles.length > 0) return undefined;
	return {
		message:
			'No date of birth, e-mail address or mobile number is given for this item, and a name alone does not tell whether the patient is in Cliniko already.',
		advice: 'Give at least one of them, the date of birth above all.',
		candidates: [],
	};
}

async function search(api: ClinikoApi, person: Person, criteria: Criterion[]): Promise<Found> {
	const found = await findPatients(api, criteria, false);
	const listed = new Set([...found.patients, ...found.archived].map(({ id }) => id));
	for (const id of recentPatientsWith(nameKeyOf(api.account, person))) {
		if (listed.has(id)) continue;
		const recent = await readRecordIfExists(api, 'patients', id);
		if (!recent || !criteria.every(({ fits }) => fits(recent))) continue;
		const patient = await survivor(api, recent);
		if (!patient || listed.has(patient.id)) continue;
		listed.add(patient.id);
		(isArchived(patient) ? found.archived : found.patients).push(patient);
	}
	return found;
}

function isWrittenOtherwise(patient: Patient, { firstName, lastName }: Person): boolean {
	const names = [
		[patient.first_name, firstName],
		[patient.last_name, lastName],
	] as const;
	return names.some(([theirs, given]) => theirs && differInAccents(theirs, given));
}

function several(patients: Patient[], criteria: Criterion[]): Unclear {
	return {
		message: `${patients.length} patients match (${labelsOf(criteria)}): IDs ${idsOf(patients)}.`,
		advice:
			'Look at them in Cliniko. If they are one person, merge them there; otherwise, use Patient > Update with the ID of the one who is meant.',
		candidates: patients,
	};
}

function onlyArchived(patients: Patient[], criteria: Criterion[]): Unclear {
	return {
		message: `The only match (${labelsOf(criteria)}) is archived in Cliniko: ID ${idsOf(patients)}.`,
		advice: 'If it is the same person, take the patient out of the archive in Cliniko first.',
		candidates: patients,
	};
}

function otherAccents(patients: Patient[]): Unclear {
	return {
		message: `A patient’s name has other accents in Cliniko: ID ${idsOf(patients)}.`,
		advice: 'In some languages, these are different names. Look at the patient in Cliniko.',
		candidates: patients,
	};
}

function noBirthday(patients: Patient[], criteria: Criterion[]): Unclear {
	return {
		message: `A patient matches (${labelsOf(criteria)}) who has no date of birth in Cliniko, so it may be a relative of the same name: ID ${idsOf(patients)}.`,
		advice: 'If it is the same person, add the date of birth in Cliniko, and run this again.',
		candidates: patients,
	};
}

function otherAddress(patients: Patient[], criteria: Criterion[]): Unclear {
	return {
		message: `A patient matches (${labelsOf(criteria)}) who has another e-mail address in Cliniko: ID ${idsOf(patients)}.`,
		advice:
			'It may be a relative of the same name, or the address may have changed. Look at the patient in Cliniko.',
		candidates: patients,
	};
}

function otherBirthday(patients: Patient[], criteria: Criterion[]): Unclear {
	return {
		message: `A patient matches (${labelsOf(criteria)}) who has another date of birth in Cliniko: ID ${idsOf(patients)}.`,
		advice:
			'It may be a relative, or one of the dates may be wrong. Look at the patient in Cliniko before you go on.',
		candidates: patients,
	};
}

function otherName(patients: Patient[]): Unclear {
	return {
		message: `A patient with the same date of birth, e-mail address and first name has another name in Cliniko: ID ${idsOf(patients)}.`,
		advice:
			'It may be the same person, whose name has changed. Look at the patient in Cliniko before you go on.',
		candidates: patients,
	};
}

function labelsOf(criteria: Criterion[]): string {
	return criteria.map(({ label }) => label).join(', ');
}

function idsOf(patients: Patient[]): string {
	return patients.map(({ id }) => id).join(', ');
}

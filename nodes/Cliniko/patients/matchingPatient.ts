import type { Criterion } from '../find/criteria';
import { findPatients, type Found } from '../find/findPatients';
import { sameName } from '../find/names';
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
 * names and the e-mail address. Who has these names and this address but another date of birth is
 * never taken for the person, because they may be parent and child; nor is who has the same first name,
 * date of birth and address but another last name. Both are unclear.
 *
 * Patients that this process has created lately count even if lists do not show them yet.
 *
 * @param person with a date of birth or an e-mail address: see `whyUnknown`
 * @throws ClinikoError if a request fails
 */
export async function matchingPatient(api: ClinikoApi, person: Person): Promise<Match> {
	const searches: Array<Array<keyof Person>> = [
		['firstName', 'lastName', 'dateOfBirth'],
		['firstName', 'lastName', 'email'],
	];
	for (const fields of searches) {
		const criteria = criteriaOf(person, fields);
		if (criteria.length < fields.length) continue;
		const { patients, archived } = await search(api, person, criteria);
		if (patients.length + archived.length === 0) continue;
		const others = [...patients, ...archived].filter((one) => isBornOtherwise(one, person));
		if (others.length > 0 && fields.includes('email')) return { unclear: otherBirthday(others) };
		if (patients.length > 1) return { unclear: several(patients, criteria) };
		const [patient] = patients;
		return patient ? { patient } : { unclear: onlyArchived(archived, criteria) };
	}
	return await underAnotherName(api, person);
}

/** Patients with the same date of birth and e-mail address whose name may have changed. */
async function underAnotherName(api: ClinikoApi, person: Person): Promise<Match> {
	const criteria = criteriaOf(person, ['dateOfBirth', 'email']);
	if (criteria.length < 2) return {};
	const { patients, archived } = await findPatients(api, criteria, false);
	// The first names of twins differ.
	const alike = [...patients, ...archived].filter((patient) =>
		[patient.first_name, patient.preferred_first_name].some(
			(name) => typeof name === 'string' && sameName(name, person.firstName),
		),
	);
	return alike.length > 0 ? { unclear: otherName(alike) } : {};
}

/** Why a person cannot be looked for, if they cannot. */
export function whyUnknown({ dateOfBirth, email }: Person): Unclear | undefined {
	if (dateOfBirth !== undefined || email !== undefined) return undefined;
	return {
		message:
			'Neither a date of birth nor an e-mail address is given for this item, and a name alone does not tell whether the patient is in Cliniko already.',
		advice: 'Give at least one of the two, the date of birth above all.',
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

/** Whether both dates of birth are known, and differ. */
function isBornOtherwise(patient: Patient, { dateOfBirth }: Person): boolean {
	const theirs = patient.date_of_birth;
	return Boolean(dateOfBirth && theirs) && theirs !== dateOfBirth;
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

function otherBirthday(patients: Patient[]): Unclear {
	return {
		message: `A patient with the same name and e-mail address has another date of birth in Cliniko: ID ${idsOf(patients)}.`,
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

import { createHash } from 'crypto';

import { criterion, type Criterion } from '../find/criteria';
import { nameKey } from '../find/names';
import { plainNumber } from '../find/phoneNumber';
import type { PatientValues } from './fields';

/** Who a patient is: what matches are found by. */
export interface Person {
	firstName: string;
	lastName: string;
	/** For example `1987-05-31`. */
	dateOfBirth?: string;
	email?: string;
	/** Any of them confirms who it is. */
	mobiles?: string[];
}

/**
 * The criteria by which a person is compared with patients: those of these fields that are known.
 *
 * @throws ClinikoError if a value is invalid, such as a name without letters
 */
export function criteriaOf(person: Person, fields = identifyingFields(person)): Criterion[] {
	return fields.flatMap((field): Criterion[] => {
		if (field !== 'mobiles') {
			const value = person[field];
			return value === undefined ? [] : [criterion(field, value)];
		}
		const mobiles = (person.mobiles ?? []).map((mobile) => criterion('mobile', mobile));
		const fits: Criterion['fits'] = (patient) => mobiles.some((one) => one.fits(patient));
		return mobiles.slice(0, 1).map((first) => ({ ...first, fits }));
	});
}

/** People change their phone numbers, so a number counts only if nothing better is known. */
function identifyingFields({ dateOfBirth, email }: Person): Array<keyof Person> {
	const isKnown = dateOfBirth !== undefined || email !== undefined;
	return [
		'firstName',
		'lastName',
		...(isKnown ? (['dateOfBirth', 'email'] as const) : (['mobiles'] as const)),
	];
}

/** A key that is the same for all spellings of a name that Find takes for one, within an account. */
export function nameKeyOf(account: string, { firstName, lastName }: Person): string {
	return digest(account, nameKey(firstName), nameKey(lastName));
}

/** Stands for a person without telling anything about them, within an account. */
export function personDigest(account: string, person: Person): string {
	const { dateOfBirth, email, mobiles = [] } = person;
	const numbers = dateOfBirth === undefined && email === undefined ? mobiles.map(plainNumber) : [];
	const name = nameKeyOf(account, person);
	return digest(name, dateOfBirth ?? '', email?.toLowerCase() ?? '', ...numbers);
}

/**
 * Stands for all that is known of a person without telling anything about them, within an account.
 *
 * @param besides what is given besides the values
 */
export function valuesDigest(
	account: string,
	values: PatientValues,
	besides: unknown[] = [],
): string {
	return digest(account, JSON.stringify([...Object.entries(values), ...besides]));
}

function digest(...parts: string[]): string {
	return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

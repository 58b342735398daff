import { createHash } from 'crypto';

import { criterion, type Criterion } from '../find/criteria';
import { nameKey } from '../find/names';
import type { PatientValues } from './fields';

/** Who a patient is: what matches are found by. */
export interface Person {
	firstName: string;
	lastName: string;
	/** For example `1987-05-31`. */
	dateOfBirth?: string;
	email?: string;
}

/**
 * The criteria by which a person is compared with patients.
 *
 * @throws ClinikoError if a value is invalid, such as a name without letters
 */
export function criteriaOf(
	person: Person,
	fields: Array<keyof Person> = ['firstName', 'lastName', 'dateOfBirth', 'email'],
): Criterion[] {
	return fields.flatMap((field) => {
		const value = person[field];
		return value === undefined ? [] : [criterion(field, value)];
	});
}

/** A key that is the same for all spellings of a name that Find takes for one, within an account. */
export function nameKeyOf(account: string, { firstName, lastName }: Person): string {
	return digest(account, nameKey(firstName), nameKey(lastName));
}

/** Stands for a person without telling anything about them, within an account. */
export function personDigest(account: string, person: Person): string {
	const { dateOfBirth, email } = person;
	return digest(nameKeyOf(account, person), dateOfBirth ?? '', email?.toLowerCase() ?? '');
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

import type { IDataObject } from 'n8n-workflow';

import { ClinikoError } from '../errors';
import { PHONE_NUMBERS, type PhoneNumber } from './fields';

/**
 * A patient's phone numbers with others added to them. None is ever taken away: no document says
 * whether Cliniko replaces the list or adds to it, so it is always sent as a whole.
 *
 * @param given of two numbers with the same digits, the first counts
 * @param setsTypes whether a number that is there gets the given type
 * @returns the whole list; undefined if Cliniko has it already
 * @throws ClinikoError if the record does not show the list, so that numbers might be lost
 */
export function mergedPhoneNumbers(
	patient: IDataObject,
	given: PhoneNumber[],
	setsTypes: boolean,
): PhoneNumber[] | undefined {
	if (patient[PHONE_NUMBERS] === undefined) {
		throw new ClinikoError(
			'Cliniko does not show the patient’s phone numbers, so none can be added without losing others.',
			'Leave the phone numbers out, and add them in Cliniko.',
		);
	}
	const merged = phoneNumbersOf(patient).map(({ phone_type: type, number, normalized_number }) => ({
		known: [number, normalized_number].map(digitsOf),
		phone: { ...(typeof type === 'string' && { phone_type: type }), number } as PhoneNumber,
	}));
	let isChanged = false;
	const seen = new Set<string>();
	for (const { phone_type: type, number } of given) {
		const digits = digitsOf(number);
		if (seen.has(digits)) continue;
		seen.add(digits);
		const present = merged.find(({ known }) => known.includes(digits))?.phone;
		if (!present) merged.push({ known: [digits], phone: { phone_type: type, number } });
		else if (setsTypes && type && present.phone_type !== type) present.phone_type = type;
		else continue;
		isChanged = true;
	}
	return isChanged ? merged.map(({ phone }) => phone) : undefined;
}

/**
 * What a change has done to a patient's phone numbers that nobody asked for.
 *
 * @param after the patient's record
 * @returns a sentence; undefined if nothing
 */
export function phoneNumbersWarning(sent: PhoneNumber[], after: IDataObject): string | undefined {
	const shown = phoneNumbersOf(after).map(({ number }) => digitsOf(number));
	if (sent.some(({ number }) => !shown.includes(digitsOf(number)))) {
		return 'Cliniko does not show all phone numbers that were sent.';
	}
	return shown.length > sent.length
		? 'Cliniko shows more phone numbers than were sent; some may be there twice.'
		: undefined;
}

/** Whether a text has a digit, without which it is no phone number. */
export function hasDigits(number: string): boolean {
	return digitsOf(number) !== '';
}

/** The phone numbers on a record. */
export function phoneNumbersOf(patient: IDataObject): IDataObject[] {
	const phones = patient[PHONE_NUMBERS];
	// An empty list may be null or an empty string.
	return Array.isArray(phones)
		? (phones as IDataObject[]).filter((phone) => typeof phone?.number === 'string')
		: [];
}

/** Numbers are the same if their digits are, however they are written. */
export function digitsOf(number: unknown): string {
	return String(number ?? '')
		.normalize('NFKC')
		.replace(/\D/g, '');
}

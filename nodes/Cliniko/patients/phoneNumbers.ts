import type { IDataObject } from 'n8n-workflow';

import { ClinikoError } from '../errors';
import type { PhoneNumber } from '../fields/field';
import { samePhoneNumber } from '../find/phoneNumber';
import { PHONE_NUMBERS } from './fields';

/**
 * A patient's phone numbers with others added to them. None is ever taken away: no document says
 * whether Cliniko replaces the list or adds to it, so it is always sent as a whole.
 *
 * @param given of two that are one number, the first counts. One that is on the record keeps its type
 *   and its writing
 * @returns the whole list; undefined if Cliniko has it already
 * @throws ClinikoError if the record does not show a list, so that numbers might be lost
 */
export function mergedPhoneNumbers(
	patient: IDataObject,
	given: PhoneNumber[],
): PhoneNumber[] | undefined {
	const list = patient[PHONE_NUMBERS];
	// An empty list may be null or an empty string.
	if (!Array.isArray(list) && list !== null && list !== '') {
		throw new ClinikoError(
			'Cliniko does not show the patient’s phone numbers, so none can be added without losing others.',
			'Leave the phone numbers out, and add them in Cliniko.',
		);
	}
	const present = phoneNumbersOf(patient);
	const known = present.flatMap(({ number, normalized_number }) =>
		[number, normalized_number].filter((one) => typeof one === 'string'),
	);
	const added: PhoneNumber[] = [];
	for (const phone of given) {
		if (known.some((number) => samePhoneNumber(number, phone.number))) continue;
		known.push(phone.number);
		added.push(phone);
	}
	return added.length > 0 ? [...present.map(sendable), ...added] : undefined;
}

/** A number on the record as Cliniko takes it: without what Cliniko has worked out itself. */
function sendable({ phone_type: type, number }: IDataObject): PhoneNumber {
	return { ...(typeof type === 'string' && { phone_type: type }), number: number as string };
}

/**
 * What a change has done to a patient's phone numbers that nobody asked for.
 *
 * @param after the patient's record
 * @returns a sentence; undefined if nothing
 */
export function phoneNumbersWarning(sent: PhoneNumber[], after: IDataObject): string | undefined {
	const shown = phoneNumbersOf(after).map(({ number }) => String(number));
	if (sent.some((one) => !shown.some((number) => samePhoneNumber(number, one.number)))) {
		return 'Cliniko does not show all phone numbers that were sent.';
	}
	return shown.length > sent.length
		? 'Cliniko shows more phone numbers than were sent; some may be there twice.'
		: undefined;
}

/** The phone numbers on a record; a number may be shown as one. */
export function phoneNumbersOf(patient: IDataObject): IDataObject[] {
	const phones = patient[PHONE_NUMBERS];
	if (!Array.isArray(phones)) return [];
	return (phones as Array<IDataObject | null>).flatMap((phone) => {
		const { number } = phone ?? {};
		return typeof number === 'string' || typeof number === 'number'
			? { ...phone, number: String(number) }
			: [];
	});
}

import type { PhoneNumber } from '../fields/field';
import { plainNumber } from '../find/phoneNumber';
import type { Patient } from '../records/patient';
import { perAccount } from '../transport/cliniko/perAccount';
import { phoneNumbersOf } from './phoneNumbers';

/**
 * Whether Cliniko replaces a patient's list of phone numbers with the one that is sent, or adds that one
 * to it, which is not documented. The whole list is sent until Cliniko was seen to add it.
 */
export class PhoneLists {
	/** What all executions know that use the same key. */
	static readonly of = perAccount(() => new PhoneLists());

	private areAdded = false;

	/**
	 * What has to be sent so that a record has a list.
	 *
	 * @param whole the numbers on the record, as they are there, and others
	 * @returns undefined if there is nothing that can be sent
	 */
	toSend(record: Patient, whole: PhoneNumber[]): PhoneNumber[] | undefined {
		if (!this.areAdded) return whole;
		const present = phoneNumbersOf(record).map(({ number }) => number);
		const added = whole.filter(({ number }) => !present.includes(number));
		return added.length > 0 ? added : undefined;
	}

	/**
	 * Looks whether Cliniko has added a list that was sent to the one on the record.
	 *
	 * @param before the record when the list was sent
	 * @param after the record afterwards
	 * @returns whether it has, and that was not known
	 */
	note(before: Patient, sent: PhoneNumber[], after: Patient): boolean {
		const was = sortedNumbers(before);
		if (this.areAdded || was.length === 0) return false;
		const sum = [...was, ...sent.map(({ number }) => plainNumber(number))].sort();
		this.areAdded = sum.join() === sortedNumbers(after).join();
		return this.areAdded;
	}
}

function sortedNumbers(patient: Patient): string[] {
	return phoneNumbersOf(patient)
		.map(({ number }) => plainNumber(String(number)))
		.sort();
}

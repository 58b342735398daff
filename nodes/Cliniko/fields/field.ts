import { ClinikoError } from '../errors';
import { readDate, readEmail } from '../find/criteria';

/** A phone number as Cliniko takes it. */
export interface PhoneNumber {
	phone_type?: string;
	number: string;
}

/** Pronouns as Cliniko takes them: all of them, or none. */
export type Pronouns = Record<(typeof PRONOUNS)[number]['name'], string>;

/** What is known of a record, by Cliniko's names. Only fields that were given; null empties a field. */
export type FieldValues<More = never> = Record<
	string,
	string | boolean | number | PhoneNumber[] | Pronouns | More | null
>;

type Kind =
	| 'text'
	| 'date'
	| 'email'
	| 'choice'
	| 'boolean'
	| 'id'
	| 'count'
	| 'amount'
	| 'pronouns'
	| 'phones';

/** The form that a value must have. */
interface Pattern {
	regExp: RegExp;
	/** What to do about a value in another form. */
	advice: string;
}

/** A field of a record that can be set. */
export interface Field {
	/** Cliniko's name. */
	name: string;
	/** The name of the parameter in the node. */
	label: string;
	kind: Kind;
	/** In characters. */
	maxLength?: number;
	/** The largest number that a count may be; the smallest is 1. */
	max?: number;
	pattern?: Pattern;
	choices?: string[];
	/** What people call the choices, if not as Cliniko does. */
	choiceNames?: string[];
	/** Whether it may hold several lines. */
	isLong?: true;
	/** Whether Cliniko's reference does not say that it can be emptied. */
	isNotNullable?: true;
	/** For an ID, which needs it: the method that fills the list from which the record is chosen. */
	listSearch?: string;
	description?: string;
	placeholder?: string;
}

const EMAIL: Pattern = {
	regExp: /^[A-Z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Z0-9.-]+\.[A-Z]{2,63}$/i,
	advice: 'Give an address without accents or spaces, such as jane@mail.example.',
};

export const PHONE_TYPES = ['Fax', 'Home', 'Mobile', 'Other', 'Work'];

export const PRONOUNS = [
	{ name: 'nominative', label: 'Nominative', placeholder: 'e.g. she' },
	{ name: 'accusative', label: 'Accusative', placeholder: 'e.g. her' },
	{ name: 'pronominal_possessive', label: 'Pronominal Possessive', placeholder: 'e.g. her' },
	{ name: 'predicative_possessive', label: 'Predicative Possessive', placeholder: 'e.g. hers' },
	{ name: 'reflexive', label: 'Reflexive', placeholder: 'e.g. herself' },
] as const;

/** A field, which is a text unless `more` says otherwise. */
export const field = (name: string, label: string, more: Partial<Field> = {}): Field => ({
	name,
	label,
	kind: 'text',
	...more,
});

/** The labels of fields, by Cliniko's names. */
export function labelsOf(fields: Field[]): Record<string, string> {
	return Object.fromEntries(fields.map(({ name, label }) => [name, label]));
}

/**
 * Checks a value by the rules of Cliniko's reference, before anything is sent.
 *
 * @param value not empty
 * @returns the value as Cliniko takes it
 * @throws ClinikoError if Cliniko would not accept it
 */
export function checkedValue(field: Field, value: string): string | boolean | number {
	const { label, kind, choices = [], max } = field;
	switch (kind) {
		case 'date':
			return readDate(value, label);
		case 'email':
			return checkedText({ ...field, pattern: EMAIL }, readEmail(value, label));
		case 'boolean': {
			const answer = value.toLowerCase();
			if (answer === 'true' || answer === 'false') return answer === 'true';
			throw new ClinikoError(
				`${label} is neither true nor false for this item.`,
				'An expression can turn an answer into one of them: {{ $json.consent === "Yes" }}.',
			);
		}
		case 'choice': {
			const choice = choices.find((one) => one.toLowerCase() === value.toLowerCase());
			if (choice !== undefined) return choice;
			throw new ClinikoError(
				`${label} is none of Cliniko’s choices for this item.`,
				`Give one of these: ${choices.join(', ')}.`,
			);
		}
		case 'count': {
			const count = /^\d{1,9}$/.test(value) ? Number(value) : 0;
			if (count >= 1 && count <= (max ?? Infinity)) return count;
			throw new ClinikoError(
				`${label} is not a whole number that Cliniko accepts for this item.`,
				`Give a number from 1 to ${max}.`,
			);
		}
		case 'amount':
			if (/^\d+(\.\d+)?$/.test(value) && /[1-9]/.test(value)) return value;
			throw new ClinikoError(
				`${label} is not an amount above 0 for this item.`,
				'Write it with digits and a point only, such as 1500.50.',
			);
		default:
			return checkedText(field, value);
	}
}

function checkedText({ label, maxLength = Infinity, pattern }: Field, value: string) {
	const length = [...value].length;
	if (length > maxLength) {
		throw new ClinikoError(
			`${label} has ${length} characters for this item, and Cliniko accepts at most ${maxLength}.`,
			`Shorten it. With an expression, .slice(0, ${maxLength}) at its end cuts it.`,
		);
	}
	if (!pattern || pattern.regExp.test(value)) return value;
	throw new ClinikoError(
		`${label} is not in the form that Cliniko accepts for this item.`,
		pattern.advice,
	);
}

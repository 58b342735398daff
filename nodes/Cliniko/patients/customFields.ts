import type { IDataObject } from 'n8n-workflow';

import { ClinikoError, oneLine } from '../errors';
import { readDate } from '../find/criteria';
import { plainText } from '../records/plainText';
import {
	customFieldDefinitions,
	type CustomFieldDefinition,
} from '../requests/customFieldDefinitions';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';

/** Cliniko's name of the property with all custom fields of a patient. */
export const CUSTOM_FIELDS = 'custom_fields';

/** What an item gives for a custom field. */
export interface GivenCustomField {
	/** Cliniko's id of the field. */
	token: string;
	/** Its name when it was chosen in the node. */
	name: string;
	/** Trimmed and not empty; several if a list was given. */
	texts: string[];
}

/** A value for a custom field that the clinic has. */
export interface CustomFieldValue {
	definition: CustomFieldDefinition;
	/** For a date or a text. */
	text?: string;
	/** For choices: the tokens of the options that are chosen. */
	selected?: string[];
	/** For choices: the text that is given in place of an option. */
	other?: string;
}

/** A field in a patient's record, with all else that Cliniko keeps there. */
type PresentField = IDataObject & {
	token?: string;
	value?: string | null;
	options?: PresentOption[] | null;
	other?: (IDataObject & { selected?: boolean; value?: string | null }) | null;
};

type PresentOption = IDataObject & { token?: string; selected?: boolean };

type PresentSection = IDataObject & { token?: string; fields?: PresentField[] | null };

/** The maximum length of a text in place of an option, in characters. */
const LONGEST_OTHER = 255;

/** How many options a message names. */
const NAMED_OPTIONS = 10;

/**
 * Checks what is given for custom fields by the clinic's definitions. They are read from Cliniko once for
 * each execution, and not at all if nothing is given.
 *
 * @throws ClinikoError if they cannot be read, if the clinic has no such field, or if a value does not fit
 */
export async function customFieldValues(
	api: ClinikoApi,
	given: GivenCustomField[],
): Promise<CustomFieldValue[]> {
	if (given.length === 0) return [];
	const definitions = await customFieldDefinitions(api);
	return given.map(({ token, name, texts }) => {
		const definition = definitions.find((one) => one.token === token);
		if (definition) return valueFor(definition, texts);
		throw new ClinikoError(
			`The clinic has no custom field "${oneLine(name, 80)}" for patients any more, or it is archived.`,
			'Open the node, refresh the list in the menu of Custom Fields, and map the fields again.',
		);
	});
}

/**
 * The values that a record does not have yet and may get.
 *
 * @param present the record's custom fields
 * @param maySet whether a value may be set, where the record's is empty or another one
 * @throws ClinikoError if the record does not show its custom fields: they would be lost, because all of
 *   them are written at once
 */
export function dueCustomFields(
	present: unknown,
	wanted: CustomFieldValue[],
	maySet: (isEmpty: boolean) => boolean,
): CustomFieldValue[] {
	if (wanted.length === 0) return [];
	const sections = sectionsOf(present);
	if (!sections) {
		throw new ClinikoError(
			'Cliniko does not show the patient’s custom fields, so they were not changed: what is there might be lost.',
			'Use the key of a user whose role may see the patient’s details, or remove the values under Custom Fields.',
		);
	}
	if (areDoubled(sections)) {
		throw new ClinikoError(
			'Cliniko shows custom fields of the patient twice, so they were not changed: there would be more each time.',
			'Look at the patient in Cliniko, and remove the values under Custom Fields from this step.',
		);
	}
	return wanted.filter((value) => {
		const field = fieldIn(sections, value.definition);
		return !(field && isSame(field, value)) && maySet(!field || isEmpty(field));
	});
}

/**
 * The custom fields of a record with other values: all of them, because it is not documented what
 * Cliniko does with those that are not sent. Whatever else is there stays as it is.
 *
 * @param present null for a new patient
 */
export function withCustomFields(present: unknown, values: CustomFieldValue[]): IDataObject {
	const sections = copied(sectionsOf(present) ?? []);
	for (const value of values) {
		const { definition } = value;
		const holder = sections.find(({ fields }) => fields?.some((one) => isOf(one, definition)));
		if (holder) {
			holder.fields = holder.fields!.map((one) =>
				isOf(one, definition) ? withValue(one, value) : one,
			);
			continue;
		}
		const { token, name, type } = definition;
		const added = withValue({ token, name, type }, value);
		const section = sections.find((one) => one?.token === definition.section.token);
		if (section) section.fields = [...(section.fields ?? []), added];
		else sections.push({ ...definition.section, fields: [added] });
	}
	return { ...(isObject(present) ? present : {}), sections };
}

/** The given values that a record shows not to have; none if it does not show its custom fields. */
export function missingCustomFields(
	present: unknown,
	wanted: CustomFieldValue[],
): CustomFieldValue[] {
	return sectionsOf(present) ? dueCustomFields(present, wanted, () => true) : [];
}

/** Whether a record has the given custom fields and no other one with a value, as far as it shows them. */
export function holdsOnlyCustomFields(present: unknown, wanted: CustomFieldValue[]): boolean {
	const fields = (sectionsOf(present) ?? []).flatMap((section) => section?.fields ?? []);
	const isGiven = (field: PresentField) => wanted.some(({ definition }) => isOf(field, definition));
	return (
		missingCustomFields(present, wanted).length === 0 &&
		fields.every((field) => isEmpty(field) || isGiven(field))
	);
}

/** @returns undefined if they are not shown, or not as the reference has them */
function sectionsOf(present: unknown): PresentSection[] | undefined {
	if (present === null || present === '') return [];
	if (!isObject(present)) return undefined;
	const { sections } = present;
	if (sections === undefined || sections === null) return [];
	const isShown =
		Array.isArray(sections) &&
		sections.every((one) => isObject(one) && (Array.isArray(one.fields) || !one.fields));
	return isShown ? (sections as PresentSection[]) : undefined;
}

/** Whether a section is there more than once: Cliniko has added what was sent to what was there. */
function areDoubled(sections: PresentSection[]): boolean {
	const tokens = sections.flatMap(({ token }) => token ?? []);
	return new Set(tokens).size < tokens.length;
}

function fieldIn(
	sections: PresentSection[],
	definition: CustomFieldDefinition,
): PresentField | undefined {
	const fields = sections.flatMap((section) => section.fields ?? []);
	return fields.find((field) => isOf(field, definition));
}

function isOf(field: PresentField | null, { token }: CustomFieldDefinition): boolean {
	return field?.token === token;
}

function isEmpty(field: PresentField | null): boolean {
	const isChosen = optionsOf(field).some(({ selected }) => selected === true);
	return !isChosen && otherOf(field) === undefined && plainText(field?.value) === '';
}

function isSame(field: PresentField, value: CustomFieldValue): boolean {
	const { definition, text, selected = [], other } = value;
	if (text !== undefined) return plainText(field.value) === plainText(text);
	const options = optionsOf(field);
	return (
		selected.every((token) => options.some((one) => one.token === token)) &&
		options.every((one) => (one.selected === true) === isSelectedIn(one, value)) &&
		(!definition.takesOther || plainText(otherOf(field)) === plainText(other))
	);
}

function withValue(field: PresentField, value: CustomFieldValue): PresentField {
	const { definition, text, other } = value;
	if (text !== undefined) return { ...field, value: text };
	const present = optionsOf(field);
	const missing = definition.options.filter(
		({ token }) => !present.some((one) => one.token === token),
	);
	const options = [...present, ...(missing as PresentOption[])].map((one) => {
		const isSelected = isSelectedIn(one, value);
		return one.selected === isSelected ? one : { ...one, selected: isSelected };
	});
	if (other !== undefined) {
		return {
			...field,
			options,
			other: { ...field.other, enabled: true, selected: true, value: other },
		};
	}
	const isOtherOut = definition.takesOther && field.other?.selected === true;
	return { ...field, options, ...(isOtherOut && { other: { ...field.other, selected: false } }) };
}

/** Whether an option of the record will be chosen. Archived checkboxes stay as they are: nobody can choose them again. */
function isSelectedIn(option: PresentOption, { definition, selected = [] }: CustomFieldValue) {
	const isInUse = definition.options.some(({ token }) => token === option.token);
	if (definition.type === 'checkboxes' && !isInUse) return option.selected === true;
	return selected.includes(String(option.token));
}

function optionsOf(field: PresentField | null): PresentOption[] {
	return Array.isArray(field?.options) ? field.options.filter(isObject) : [];
}

/** The text in place of an option; undefined if there is none. */
function otherOf(field: PresentField | null): string | undefined {
	const { selected, value } = field?.other ?? {};
	return selected === true && plainText(value) !== '' ? String(value) : undefined;
}

function valueFor(definition: CustomFieldDefinition, texts: string[]): CustomFieldValue {
	switch (definition.type) {
		case 'text':
			return { definition, text: texts.join(', ') };
		case 'paragraph':
			return { definition, text: texts.join('\n') };
		case 'date':
			return { definition, text: readDate(texts.join(', '), labelOf(definition)) };
		case 'radiobuttons':
			return choicesFor(definition, [texts.join(', ')]);
		default:
			// One text may hold several choices, and the name of a choice may have a comma.
			return choicesFor(
				definition,
				texts.flatMap((text) =>
					optionFor(definition, text) === undefined
						? text.split(/[,;\n]/).map((part) => part.trim())
						: [text],
				),
			);
	}
}

function choicesFor(definition: CustomFieldDefinition, texts: string[]): CustomFieldValue {
	const selected = new Set<string>();
	const others: string[] = [];
	for (const text of texts.filter(Boolean)) {
		const token = optionFor(definition, text);
		if (token === undefined) others.push(text);
		else selected.add(token);
	}
	if (others.length === 0) return { definition, selected: [...selected] };
	const other = others.join(', ');
	if (!definition.takesOther) throw noSuchOption(definition);
	if ([...other].length > LONGEST_OTHER) {
		throw new ClinikoError(
			`${labelOf(definition)} has more than ${LONGEST_OTHER} characters besides its choices for this item, and Cliniko accepts no more.`,
			'Shorten the text, or give one of the choices.',
		);
	}
	return { definition, selected: [...selected], other };
}

/** The token of the option of this name; undefined if there is none. */
function optionFor(definition: CustomFieldDefinition, text: string): string | undefined {
	const fitting = definition.options.filter(
		({ name, token }) => token === text || folded(name) === folded(text),
	);
	if (fitting.length < 2) return fitting[0]?.token;
	throw new ClinikoError(
		`${labelOf(definition)} has several choices of the same name in Cliniko.`,
		'Rename or archive one of them in Cliniko’s settings.',
	);
}

function noSuchOption(definition: CustomFieldDefinition): ClinikoError {
	const names = definition.options.map(({ name }) => oneLine(name, 40));
	const rest = names.length > NAMED_OPTIONS ? ', …' : '';
	return new ClinikoError(
		`${labelOf(definition)} is none of the clinic’s choices for this item.`,
		`Give one of these: ${names.slice(0, NAMED_OPTIONS).join(', ')}${rest}.`,
	);
}

function labelOf({ name }: CustomFieldDefinition): string {
	return `The custom field "${oneLine(name, 80)}"`;
}

function folded(name: string): string {
	return name.normalize('NFKC').trim().toLowerCase();
}

function isObject(value: unknown): value is IDataObject {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function copied(sections: PresentSection[]): PresentSection[] {
	return sections.map((section) => ({
		...section,
		...(section.fields && { fields: [...section.fields] }),
	}));
}

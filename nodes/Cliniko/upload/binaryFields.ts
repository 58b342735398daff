import type { IBinaryData, IDataObject, INodeExecutionData } from 'n8n-workflow';

import { ClinikoError, oneLine } from '../errors';

/** The workflow setting with which n8n keeps files in the JSON of items, and the property they are in. */
const COMBINED = 'combined';
const IN_JSON = '_files';

/** A file of an item, and the name of its field. */
export interface FileField {
	name: string;
	data: IBinaryData;
}

/** The part of an item's JSON that holds its files; undefined in every mode but the combined one. */
export function filesInJson(
	{ json }: INodeExecutionData,
	binaryMode?: string,
): IDataObject | undefined {
	return binaryMode === COMBINED && json[IN_JSON] ? { [IN_JSON]: json[IN_JSON] } : undefined;
}

/**
 * The files of an item, in order: its binary fields, and in combined mode those in its JSON. In every
 * other mode the JSON may come from anywhere, and could refer to a file of another execution.
 *
 * @param binaryMode the workflow's setting of this name
 * @returns the contents of all fields; `sourceFile` refuses those that are not files
 */
export function filesOf(item: INodeExecutionData, binaryMode?: string): FileField[] {
	const inJson = filesInJson(item, binaryMode)?.[IN_JSON];
	const fields = { ...(isRecord(inJson) ? inJson : {}), ...item.binary };
	return Object.entries(fields).flatMap(([name, data]) =>
		data === undefined || data === null ? [] : [{ name, data: data as IBinaryData }],
	);
}

/** Where the files of one item come from. */
export interface FileSource {
	item: INodeExecutionData;
	/** The workflow's setting of this name. */
	binaryMode?: string;
	/** Whether an expression gives the value of the parameter. */
	isExpression?: boolean;
	/** The nearest earlier node whose item has files; only messages use it. */
	earlierFiles?: () => EarlierFiles | undefined;
}

/** An earlier node with files, and the names of their fields. */
export interface EarlierFiles {
	node: string;
	fields: string[];
}

/**
 * Finds the files that the parameter "Input Binary Field" asks for.
 *
 * @param wanted a field name; several, separated by commas; names in which `*` stands for any
 *   characters; or, from an expression, a file, an item's whole `binary`, what the n8n Form Trigger
 *   writes about a file into its JSON, or an array of any of these
 * @param ifMissing whether to throw or to go on if the item does not have one of them
 * @returns the files in the order asked for, each once
 * @throws ClinikoError that says where there are files, and what to enter
 */
export function pickFiles(
	wanted: unknown,
	source: FileSource,
	ifMissing: 'error' | 'skip',
): FileField[] {
	const available = filesOf(source.item, source.binaryMode);
	const picked = new Map<IBinaryData, FileField>();
	const pick = (fields: FileField[]): void => {
		for (const field of fields) picked.set(field.data, field);
	};
	const missing: string[] = [];
	const all: unknown[] = Array.isArray(wanted) ? wanted : [wanted];
	let nothing = all.length === 0;
	for (const one of all) {
		const own = isRecord(one) && ownField(one, available);
		if (isDescription(one)) pick(described(one, all, available, source));
		else if (own) pick([own]);
		else if (isFile(one)) pick([{ name: one.fileName ?? 'file', data: one }]);
		else if (isBinary(one)) {
			const files = Object.entries(one);
			if (files.length === 0) nothing = true;
			pick(files.map(([name, data]) => ownField(data, available) ?? { name, data }));
		} else if (typeof one === 'string' && one.trim() !== '') {
			if (one.includes('[object Object]')) throw textWithObject(available, source);
			for (const name of names(one, available)) {
				const fields = fieldsNamed(name, available);
				if (fields.length === 0) missing.push(name);
				pick(fields);
			}
		} else if (one === undefined || one === null || typeof one === 'string') nothing = true;
		else throw notAField(available, source);
	}
	if (ifMissing === 'error') {
		if (nothing) throw nothingGiven(available, source);
		if (missing.length > 0) throw noSuchField(missing, available, source);
	}
	return [...picked.values()];
}

/** Splits a list of names. A field's name may itself contain a comma, so the whole text is tried first. */
function names(text: string, available: FileField[]): string[] {
	if (available.some(({ name }) => name === text)) return [text];
	const parts = text
		.split(',')
		.map((part) => part.trim().replace(new RegExp(`^${IN_JSON}\\.`), ''))
		.filter(Boolean);
	return parts.length > 0 ? parts : [''];
}

/**
 * The fields of a name or pattern. A name also stands for the fields that n8n makes of it: in a form,
 * `Referral_letter` of `Referral letter`, and for several files `Referral_0`, `Referral_1`; in a
 * webhook `Referral0`, `Referral1`. Not for any other number, which may be part of another name.
 */
function fieldsNamed(name: string, available: FileField[]): FileField[] {
	const exact = available.filter((field) => matches(name, field.name));
	if (exact.length > 0 || name.includes('*')) return exact;
	// A form has `_` for each letter with an accent or of another script too, so that different names
	// become the same.
	const asForm = /(?!\w)[\p{L}\p{M}\p{N}]/u.test(name) ? name : name.replace(/\W/g, '_');
	const single = available.filter((field) => field.name === asForm);
	if (single.length > 0) return single;
	const ofForm = series(`${asForm}_`, available);
	return ofForm.length > 0 || /\d$/.test(name) ? ofForm : series(name, available);
}

/** The fields with this start and the numbers 0, 1, 2 and so on. */
function series(start: string, available: FileField[]): FileField[] {
	const fields: FileField[] = [];
	for (;;) {
		const next = available.find(({ name }) => name === `${start}${fields.length}`);
		if (!next) return fields;
		fields.push(next);
	}
}

function matches(pattern: string, name: string): boolean {
	if (!pattern.includes('*')) return pattern === name;
	// Not a regular expression, in which `a*a*a*…` could backtrack for ever.
	const [start = '', ...rest] = pattern.split('*');
	const end = rest.pop() ?? '';
	if (name.length < start.length + end.length) return false;
	if (!name.startsWith(start) || !name.endsWith(end)) return false;
	let from = start.length;
	for (const piece of rest) {
		const at = name.indexOf(piece, from);
		if (at < 0 || at + piece.length > name.length - end.length) return false;
		from = at + piece.length;
	}
	return true;
}

/** The item's own field for a file; an expression may yield a copy of it. */
function ownField(file: unknown, available: FileField[]): FileField | undefined {
	return available.find(({ data }) => isSameFile(data, file));
}

function isSameFile(file: IBinaryData, value: unknown): boolean {
	if (file === value) return true;
	if (!isFile(file) || !isFile(value)) return false;
	if (file.id || value.id) return file.id === value.id && file.fileName === value.fileName;
	return file.data === value.data && file.fileName === value.fileName;
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value that an expression yields is a file; follows n8n's `isBinaryValue`. */
function isFile(value: unknown): value is IBinaryData {
	return (
		isRecord(value) &&
		typeof value.mimeType === 'string' &&
		(typeof value.data === 'string' || typeof value.id === 'string')
	);
}

/** Whether a value is the whole `binary` of an item. */
function isBinary(value: unknown): value is Record<string, IBinaryData> {
	return isRecord(value) && Object.values(value).every(isFile);
}

/** What n8n's Form Trigger writes about a file into the JSON of its item. */
interface FileDescription {
	filename: string;
	mimetype: string;
	/** In bytes. */
	size?: unknown;
}

function isDescription(value: unknown): value is FileDescription {
	return (
		isRecord(value) && typeof value.filename === 'string' && typeof value.mimetype === 'string'
	);
}

/**
 * The item's files that fit a description: as many as there are such descriptions, since a description
 * does not say which of several files it means.
 */
function described(
	one: FileDescription,
	all: unknown[],
	available: FileField[],
	source: FileSource,
): FileField[] {
	const fields = available.filter(({ data }) => fits(data, one));
	const count = all.filter((other) => isDescription(other) && isSameDescription(other, one)).length;
	if (fields.length === count) return fields;
	throw new ClinikoError(
		'Input Binary Field describes a file instead of giving it.',
		adviceFor(available, source),
	);
}

/** Older n8n does not note the exact size. */
function fits({ fileName, mimeType, bytes }: IBinaryData, one: FileDescription): boolean {
	if (fileName !== one.filename || mimeType !== one.mimetype) return false;
	return bytes === undefined || bytes === one.size;
}

function isSameDescription(a: FileDescription, b: FileDescription): boolean {
	return a.filename === b.filename && a.mimetype === b.mimetype && a.size === b.size;
}

function textWithObject(available: FileField[], source: FileSource): ClinikoError {
	return new ClinikoError(
		'Input Binary Field gives the text [object Object] instead of a file.',
		`Remove what is in the field. ${adviceFor(available, source)}`,
	);
}

function notAField(available: FileField[], source: FileSource): ClinikoError {
	return new ClinikoError(
		'Input Binary Field is neither the name of a field nor a file.',
		adviceFor(available, source),
	);
}

function nothingGiven(available: FileField[], source: FileSource): ClinikoError {
	return new ClinikoError(
		source.isExpression
			? 'The expression in Input Binary Field gives no file for this item.'
			: 'Input Binary Field is empty.',
		adviceFor(available, source),
	);
}

function noSuchField(missing: string[], available: FileField[], source: FileSource): ClinikoError {
	// What an expression gives may be text that somebody has typed into a form.
	const wanted = source.isExpression
		? 'the field that the expression in Input Binary Field names'
		: missing
				.slice(0, 5)
				.map((name) => `"${oneLine(name, 40)}"`)
				.join(', ');
	return new ClinikoError(
		available.length === 0
			? `The item has no file, so there is none in ${wanted}.`
			: `The item has no file in ${wanted}.`,
		adviceFor(available, source),
	);
}

/** Where there are files, and what to enter to use them. */
function adviceFor(available: FileField[], { earlierFiles }: FileSource): string {
	if (available.length > 0) {
		const fields = available.map(({ name }) => name).join(', ');
		return `The item’s files are in: ${fields}. Enter one of these names, or * for all.`;
	}
	const earlier = earlierFiles?.();
	if (earlier) {
		const { node, fields } = earlier;
		return `The node "${node}" has files in: ${fields.join(', ')}. To upload them, set Input Binary Field to the expression {{ $(${quoted(node)}).item.binary }}.`;
	}
	return 'Check that a file was sent, and that its field is spelt as in the Binary tab of the node it comes from. To ignore items without a file, add the option If Item Has No File.';
}

function quoted(text: string): string {
	return /['\\]/.test(text) ? JSON.stringify(text) : `'${text}'`;
}

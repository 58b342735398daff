import type { IBinaryData, INodeExecutionData } from 'n8n-workflow';

import { ClinikoError, oneLine } from '../errors';

/** The workflow setting with which n8n keeps files in the JSON of items, and the property they are in. */
const COMBINED = 'combined';
const IN_JSON = '_files';

/** A file of an item, and the name of its field. */
export interface FileField {
	name: string;
	data: IBinaryData;
}

/**
 * The files of an item, in order: its binary fields, and in combined mode those in its JSON. In every
 * other mode the JSON may come from anywhere, and could refer to a file of another execution.
 *
 * @param binaryMode the workflow's setting of this name
 * @returns the contents of all fields; `sourceFile` refuses those that are not files
 */
export function filesOf(item: INodeExecutionData, binaryMode?: string): FileField[] {
	const inJson = binaryMode === COMBINED ? item.json[IN_JSON] : undefined;
	const fields = { ...(isRecord(inJson) ? inJson : {}), ...item.binary };
	return Object.entries(fields).flatMap(([name, data]) =>
		data === undefined || data === null ? [] : [{ name, data: data as IBinaryData }],
	);
}

/**
 * Finds the files that the parameter "Input Binary Field" asks for.
 *
 * @param wanted a field name; several, separated by commas; names in which `*` stands for any
 *   characters; or, from an expression, the file itself or an array of any of these
 * @param item the item that has the files
 * @param ifMissing whether to throw or to go on if the item does not have one of them
 * @param binaryMode the workflow's setting of this name
 * @returns the files in the order asked for, each once
 * @throws ClinikoError that lists the item's fields
 */
export function pickFiles(
	wanted: unknown,
	item: INodeExecutionData,
	ifMissing: 'error' | 'skip',
	binaryMode?: string,
): FileField[] {
	const available = filesOf(item, binaryMode);
	const picked = new Map<IBinaryData, FileField>();
	const missing: string[] = [];
	const all: unknown[] = !Array.isArray(wanted)
		? [wanted]
		: wanted.length > 0
			? wanted
			: [undefined];
	for (const one of all) {
		const ofItem = available.find(({ data }) => isSameFile(data, one));
		if (ofItem && isRecord(one)) picked.set(ofItem.data, ofItem);
		else if (isFile(one)) picked.set(one, { name: one.fileName ?? 'file', data: one });
		else if (typeof one === 'string') {
			for (const name of names(one, available)) {
				const fields = available.filter((field) => matches(name, field.name));
				if (fields.length === 0) missing.push(name);
				for (const field of fields) picked.set(field.data, field);
			}
		} else if (one !== undefined && one !== null) throw notAField();
		else missing.push('the expression');
	}
	if (missing.length > 0 && ifMissing === 'error') throw noSuchField(missing, available);
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

/** Whether a value is a field's file. An expression may yield a copy of it. */
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

function notAField(): ClinikoError {
	return new ClinikoError(
		'Input Binary Field is neither the name of a field nor a file.',
		'Type the name of the field that holds the file, such as data, or let an expression give a file of an earlier node.',
	);
}

function noSuchField(missing: string[], available: FileField[]): ClinikoError {
	const wanted = missing.map((name) => `"${oneLine(name, 40)}"`).join(', ');
	if (available.length === 0) {
		return new ClinikoError(
			`The item has no file, so there is none in ${wanted}.`,
			'Check that the node before this one gives a file: its output then has a Binary tab. To ignore items without one, add the option If Item Has No File.',
		);
	}
	return new ClinikoError(
		`The item has no file in ${wanted}. Its files are in: ${available.map(({ name }) => name).join(', ')}.`,
		'Put one of these names, or a pattern such as attachment_*, into Input Binary Field.',
	);
}

import type {
	IExecuteFunctions,
	INodeParameterResourceLocator,
	INodeProperties,
} from 'n8n-workflow';

import { ClinikoError } from '../../errors';
import { exactId } from '../../records/clinikoRecord';

/** A kind of record that the user chooses from a list, by ID or by URL. */
export interface RecordKind {
	/** What messages call it. */
	noun: 'patient' | 'attachment' | 'case';
	/** The name of the node's parameter. */
	parameter: string;
	/** The method that fills the list. */
	listSearch: string;
	/**
	 * A regular expression for the address of the record, in Cliniko or in its API. Its two groups are
	 * the shard and the id.
	 */
	url: string;
	exampleUrl: string;
	urlAdvice: string;
	noneAdvice: string;
}

const PLACEHOLDERS = {
	patient: 'Select a patient...',
	attachment: 'Select an attachment...',
	case: 'Select a case...',
};

/** The field in which the user chooses a record. */
export function recordIdField(
	kind: RecordKind,
	field: Pick<INodeProperties, 'description' | 'required'> & { displayName: string },
): INodeProperties {
	const { noun } = kind;
	return {
		name: kind.parameter,
		type: 'resourceLocator',
		default: { mode: 'list', value: '' },
		...field,
		modes: [
			{
				displayName: 'From List',
				name: 'list',
				type: 'list',
				placeholder: PLACEHOLDERS[noun],
				typeOptions: { searchListMethod: kind.listSearch, searchable: true },
			},
			{
				displayName: 'By ID',
				name: 'id',
				type: 'string',
				placeholder: 'e.g. 1234567890123456789',
				validation: [
					{
						type: 'regex',
						properties: {
							regex: field.required ? '^\\d{1,19}$' : '^\\d{0,19}$',
							errorMessage: `The ID of ${a(noun)} has only digits`,
						},
					},
				],
			},
			{
				displayName: 'By URL',
				name: 'url',
				type: 'string',
				placeholder: `e.g. ${kind.exampleUrl}`,
				validation: [
					{
						type: 'regex',
						properties: {
							regex: field.required ? `${kind.url}.*` : `(?:${kind.url}.*)?`,
							errorMessage: kind.urlAdvice,
						},
					},
				],
				extractValue: { type: 'regex', regex: kind.url.replace('([a-z]', '(?:[a-z]') },
			},
		],
	};
}

/**
 * The id that an item asks for. It becomes part of a path and decides whose record is used, so
 * anything but a complete, exact id is refused.
 *
 * @param shard the credential's shard: an address on another shard is another clinic's record
 * @returns a decimal string, because a number cannot hold 64 bits exactly
 * @throws ClinikoError
 */
export function recordIdOf(
	context: IExecuteFunctions,
	itemIndex: number,
	shard: string,
	kind: RecordKind,
): string {
	return recordIdIn(context.getNodeParameter(kind.parameter, itemIndex, ''), shard, kind);
}

/** The same for the value of a parameter. */
export function recordIdIn(given: unknown, shard: string, kind: RecordKind): string {
	const parameter = given as INodeParameterResourceLocator | string | number;
	const isLocator = typeof parameter === 'object' && parameter !== null;
	const value: unknown = isLocator ? parameter.value : parameter;
	return isLocator && parameter.mode === 'url'
		? idFromUrl(String(value ?? '').trim(), shard, kind)
		: checkedId(value, kind);
}

/** Whether the field is empty in the node itself, as opposed to an expression that yields nothing. */
export function isLeftOut(
	context: Pick<IExecuteFunctions, 'getNode'>,
	{ parameter }: Pick<RecordKind, 'parameter'>,
): boolean {
	const set = context.getNode().parameters[parameter];
	const value: unknown =
		typeof set === 'object' && set !== null ? (set as INodeParameterResourceLocator).value : set;
	return value === undefined || value === null || value === '';
}

function idFromUrl(url: string, shard: string, kind: RecordKind): string {
	if (url === '') return checkedId('', kind);
	const { noun } = kind;
	const [, urlShard, id] = new RegExp(kind.url, 'i').exec(url) ?? [];
	if (!urlShard) {
		throw new ClinikoError(
			`The ${noun}'s URL is not the address of ${a(noun)}'s page in Cliniko.`,
			kind.urlAdvice,
		);
	}
	if (urlShard.toLowerCase() !== shard) {
		throw new ClinikoError(
			`The ${noun}'s URL is on shard ${urlShard.toLowerCase()}, but the Cliniko API credential is for shard ${shard}.`,
			`The same number is another ${noun} there. Copy the address from the Cliniko account that the credential belongs to.`,
		);
	}
	return checkedId(id, kind);
}

function checkedId(value: unknown, { noun, noneAdvice }: RecordKind): string {
	if (typeof value === 'number' && !Number.isSafeInteger(value)) {
		throw new ClinikoError(
			`The ${noun} ID came as a number too large to be exact, so its last digits may be wrong.`,
			'Keep the ID as text in the nodes before this one: it then has quotes around it in the JSON view.',
		);
	}
	const id = typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
	const exact = exactId(id);
	if (exact !== undefined) return exact;
	throw new ClinikoError(
		id === ''
			? `No ${noun} is set for this item.`
			: `The ${noun} ID is not a whole number, as Cliniko IDs are.`,
		noneAdvice,
	);
}

function a(noun: RecordKind['noun']): string {
	return noun === 'attachment' ? `an ${noun}` : `a ${noun}`;
}

import type { IDataObject } from 'n8n-workflow';

import { ClinikoError, oneLine } from '../errors';
import { KeyedLock } from '../once/keyedLock';
import { linkedId } from '../records/clinikoRecord';
import { plainText } from '../records/plainText';
import { listRecords } from '../requests/listRecords';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { unlessCancelled, type Pause } from '../transport/pause';
import { FORBIDDEN } from './requestContext';

/** What an item gives for the referral source. */
export interface GivenReferralSource {
	/** The ID or the name of one of the clinic's types; the other is undefined. */
	typeId?: string;
	typeName?: string;
	/** A patient's or a contact's, as the type says. */
	referrerId?: string;
	subcategory?: string;
	notes?: string;
}

/** A referral source as Cliniko takes it. Only what was given; null removes a subcategory. */
export interface ReferralSourceValues {
	referral_source_type_id: string;
	referrer_id?: string;
	subcategory?: string | null;
	notes?: string;
}

/** What became of a referral source. */
export interface ReferralSourceOutcome {
	/** `kept` if the patient has another one, which may not be replaced. */
	outcome: 'set' | 'kept' | 'unchanged';
	/** What Cliniko did otherwise than it was asked to. */
	warning?: string;
}

export const LABEL = 'Referral Source';

/** Held from reading a patient's referral source to setting it, by account and patient. */
const lock = new KeyedLock();

/** The types of each execution: they are read once. */
const types = new WeakMap<ClinikoApi, Promise<Array<{ id: string; name: string }>>>();

/**
 * Finds the type of a referral source by its name, if a name is given. Nothing is sent otherwise.
 *
 * @throws ClinikoError if not exactly one type has the name, or if they cannot be read
 */
export async function referralSourceValues(
	api: ClinikoApi,
	{ typeId, typeName = '', referrerId, subcategory, notes }: GivenReferralSource,
): Promise<ReferralSourceValues> {
	return {
		referral_source_type_id: typeId ?? (await typeNamed(api, typeName)),
		...(referrerId && { referrer_id: referrerId }),
		...(subcategory && { subcategory }),
		...(notes && { notes }),
	};
}

/**
 * Sets a patient's referral source, which has a request of its own (OpenAPI of 2023-10,
 * `UpdateReferralSource-Patch`). It is read first, before each try, so that it can be done again after a
 * failure. With another type, a subcategory of the one before is removed.
 *
 * @param id a validated id
 * @param mayReplace whether another one on the record is replaced
 * @throws ClinikoError if Cliniko refuses it, or if it is unknown whether it is set
 */
export async function setReferralSource(
	api: ClinikoApi,
	pause: Pause,
	id: string,
	values: ReferralSourceValues,
	mayReplace: boolean,
): Promise<ReferralSourceOutcome> {
	const wait = async (turn: Promise<unknown>) => await unlessCancelled(pause, turn);
	const change = async () => await changeReferralSource(api, id, values, mayReplace);
	return await lock.exclusive(`${api.account} ${id}`, change, wait);
}

async function changeReferralSource(
	api: ClinikoApi,
	id: string,
	values: ReferralSourceValues,
	mayReplace: boolean,
): Promise<ReferralSourceOutcome> {
	const path = `/patients/${id}/referral_source`;
	let isKept = false;
	let before: IDataObject = {};
	let isSent = false;
	const prepare = async (reader: ClinikoApi) => {
		before = await readReferralSource(reader, id, path);
		const isThere = isSame(before, values);
		// After a try of ours, the type may be there without the rest.
		const isOurs = isSent && typeOf(before) === values.referral_source_type_id;
		isKept = !isThere && !mayReplace && !isOurs && typeOf(before) !== undefined;
		if (isThere || isKept) return undefined;
		isSent = true;
		const isOther = typeOf(before) !== values.referral_source_type_id;
		const isLeft = isOther && Boolean(before.subcategory) && values.subcategory === undefined;
		return { ...values, ...(isLeft && { subcategory: null }) } as IDataObject;
	};
	const reply = await api.change(path, prepare, {
		action: `set the referral source of patient ${id}`,
		forbidden: FORBIDDEN,
		labels: { referral_source_type_id: LABEL, referral_source_type: LABEL },
	});
	if (!reply) return { outcome: isKept ? 'kept' : isSent ? 'set' : 'unchanged' };
	const { body } = reply;
	const hasReferrer =
		!values.referrer_id && Boolean(body.referrer) && typeOf(before) !== typeOf(body);
	const warnings = [
		...(isSame(body, values) ? [] : [`Cliniko did not take over ${LABEL}.`]),
		...(hasReferrer ? ['The referrer is still the one of the referral source before.'] : []),
	];
	if (warnings.length === 0) return { outcome: 'set' };
	return { outcome: 'set', warning: `${warnings.join(' ')} Look at the patient in Cliniko.` };
}

/** The referral source of a patient; empty if there is none. What Cliniko answers then is not documented. */
async function readReferralSource(api: ClinikoApi, id: string, path: string): Promise<IDataObject> {
	const errorContext = {
		action: `read the referral source of patient ${id}`,
		forbidden: FORBIDDEN,
	};
	return await api.get(path, errorContext).then(
		({ body }) => body,
		(error: ClinikoError) => {
			if (error.httpCode !== 404) throw error;
			return {};
		},
	);
}

function typeOf(source: IDataObject): string | undefined {
	return linkedId(source.referral_source_type, 'referral_source_types');
}

/** Whether a patient's referral source has all that was given. */
function isSame(source: IDataObject, values: ReferralSourceValues): boolean {
	const { referral_source_type_id: type, referrer_id: referrer, subcategory, notes } = values;
	const { referrer: shown } = source;
	return (
		typeOf(source) === type &&
		(!referrer || [linkedId(shown, 'patients'), linkedId(shown, 'contacts')].includes(referrer)) &&
		(!subcategory || plainText(source.subcategory) === plainText(subcategory)) &&
		(!notes || plainText(source.notes) === plainText(notes))
	);
}

async function typeNamed(api: ClinikoApi, name: string): Promise<string> {
	const errorContext = { action: 'read the referral source types', forbidden: FORBIDDEN };
	const reading =
		types.get(api) ??
		listRecords(api, 'referral_source_types', [], errorContext).then((records) =>
			records.map(({ id, name: given }) => ({ id, name: String(given ?? '') })),
		);
	types.set(api, reading);
	const all = await reading;
	const fitting = all.filter((one) => folded(one.name) === folded(name));
	const [type] = fitting;
	if (type && fitting.length === 1) return type.id;
	throw new ClinikoError(
		type
			? `Cliniko has several referral source types of the name that is given for this item: IDs ${fitting.map(({ id }) => id).join(', ')}.`
			: 'Cliniko has no referral source type of the name that is given for this item.',
		type
			? 'Give the ID of the one that is meant.'
			: `Give the name as Cliniko has it: ${oneLine(all.map((one) => one.name).join(', '))}`,
	);
}

function folded(name: string): string {
	return name.normalize('NFKC').trim().toLowerCase();
}

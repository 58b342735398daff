import { createHash } from 'crypto';
import type { IDataObject, IPollFunctions } from 'n8n-workflow';

import { ClinikoError } from '../errors';
import type { ClinikoRecord } from '../records/clinikoRecord';
import { filtersFor, type AppointmentsFor } from '../requests/appointmentsFor';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';
import { connect } from '../transport/n8n';
import { EVENTS, type Simplified } from './events';
import { newestRecord, newRecordsSince, startFromNow, type Cursor, type Watch } from './newRecords';

/** Activations whose first poll is over, by n8n's context object of the activation. */
const begun = new WeakSet<object>();

/** Activations with a poll in progress: n8n starts the next poll even if the last one still runs. */
const polling = new WeakSet<object>();

/** What an item of the output holds with Simplify on. */
export type Output = Simplified;

/**
 * One poll of the trigger.
 *
 * @param appointmentsFor reads from the parameters which appointments are meant; called only for events of
 *   appointments
 * @returns the records with news since the last poll, each once; the newest record for "Fetch Test Event"
 * @throws ClinikoError; the next poll then returns what this one would have returned
 */
export async function poll(
	context: IPollFunctions,
	appointmentsFor: () => AppointmentsFor,
): Promise<IDataObject[]> {
	const event = String(context.getNodeParameter('event'));
	const known = EVENTS[event];
	if (!known) {
		throw new ClinikoError(
			`This version of Cliniko Trigger does not know the event "${event}".`,
			'Choose an event in the node, or update the package.',
		);
	}
	// Before the cursor moves: an expression may fail.
	const simplify = context.getNodeParameter('simplify', true);
	const isOfAppointments = known.collection === 'individual_appointments';
	const watch = { ...known, meant: isOfAppointments ? appointmentsFor() : {} };
	if (polling.has(context)) return [];
	polling.add(context);
	try {
		const isManual = context.getMode() === 'manual';
		const records = isManual
			? await anExample(context, watch)
			: await newRecords(context, event, watch);
		return simplify ? records.map((record) => watch.simplified(record)) : records;
	} finally {
		polling.delete(context);
	}
}

async function anExample(context: IPollFunctions, watch: Watch): Promise<ClinikoRecord[]> {
	const record = await newestRecord(await connect(context), watch);
	if (record) return [record];
	throw new ClinikoError(
		'Cliniko has no record yet that this event could return.',
		'Add one in Cliniko that it could return, such as a test patient or an appointment that fits the node’s fields, and fetch the test event again.',
	);
}

/**
 * What n8n stores for the node in its database. The keys must not change, because saved workflows have
 * them: `mark` is the cursor.
 */
interface Stored {
	event?: string;
	/** Cliniko’s filters for the appointments that are meant; missing if all are, and in earlier versions. */
	filters?: string;
	mark?: Cursor;
	/** The account that the cursor is for. */
	account?: Account;
}

/** Digests of the API key, and of the id of its clinic. */
interface Account {
	key: string;
	clinic?: string;
}

/**
 * n8n saves the static data when a poll returns items, and when it has activated the workflow. A poll
 * without items moves the cursor in memory only; after a restart, the older one is still valid.
 */
async function newRecords(
	context: IPollFunctions,
	event: string,
	watch: Watch,
): Promise<ClinikoRecord[]> {
	const stored = context.getWorkflowStaticData('node') as Stored;
	const filters = filtersFor(watch.meant ?? {}).join(' ') || undefined;
	const api = await connect(context);
	// When a person switches the workflow on, it starts from now. When n8n restarts, it goes on.
	const isSwitchedOn = ['activate', 'create'].includes(context.getActivationMode());
	const isFirst = isSwitchedOn && !begun.has(context);
	const before = stored.account;
	const account = before?.key === api.account ? before : await accountOf(api);
	// The records of another clinic are not new, but a new key of the same clinic changes nothing. If the
	// clinic is unknown, going on loses nothing.
	const isOtherClinic =
		before?.clinic !== undefined &&
		account.clinic !== undefined &&
		account.clinic !== before.clinic;
	// What is not meant any more must not be reported, nor what is meant only now and is old.
	const isOtherWatch = stored.event !== event || stored.filters !== filters;
	if (isFirst || !stored.mark || isOtherWatch || isOtherClinic) {
		const cursor = await startFromNow(api, watch);
		Object.assign(stored, { event, filters, mark: cursor, account });
		begun.add(context);
		return [];
	}
	const { records, cursor } = await newRecordsSince(api, watch, stored.mark);
	// If this key may not read its clinic, the last known one is kept, to compare with the next key.
	Object.assign(stored, { mark: cursor, account: { ...before, ...account } });
	begun.add(context);
	return records;
}

/** The account of the key; without the clinic if the key's user may not read its id. */
async function accountOf(api: ClinikoApi): Promise<Account> {
	const errorContext = { action: 'see which Cliniko account the API key belongs to' };
	const { body } = await api.get('/settings/public', errorContext).catch(unlessForbidden);
	const id = (body.account as IDataObject | undefined)?.id;
	const isId = typeof id === 'string' || typeof id === 'number';
	return {
		key: api.account,
		...(isId && { clinic: createHash('sha256').update(`${api.shard} ${id}`).digest('hex') }),
	};
}

function unlessForbidden(error: ClinikoError): { body: IDataObject } {
	if (error.httpCode === 403 || error.httpCode === 404) return { body: {} };
	throw error;
}

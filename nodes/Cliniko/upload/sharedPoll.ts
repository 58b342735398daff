import { Cancelled, type ClinikoError } from '../errors';
import { isClinikoRecord } from '../records/clinikoRecord';
import type { PatientAttachment } from '../records/patientAttachment';
import { readRecord } from '../requests/readRecord';
import { PAGE_SIZE, type ClinikoApi } from '../transport/cliniko/clinikoApi';
import { perAccount } from '../transport/cliniko/perAccount';
import { SharedRequest } from '../transport/cliniko/sharedRequest';
import type { Pause } from '../transport/pause';

/**
 * The interval between two polls of a record: the first one, in ms; how much it grows with the time
 * since the wait began; and its maximum, in ms. So a record is polled after 1, 2.7, 5.6 and 10.5 s.
 */
const FIRST_INTERVAL = 1000;
const GROWTH = 0.7;
const MAX_INTERVAL = 15_000;

/**
 * How many records that the list omits are read on their own in a poll: where lists lag, that would be
 * most of them, and these requests would hold up uploads.
 */
const MAX_SINGLE = 5;

/**
 * How long polls may report that the record does not exist before it counts as gone, in ms: not all of
 * Cliniko's servers may have it yet.
 */
const LONGEST_MISSING = 60_000;

/** What an execution wants to know about a record. */
export interface Watcher {
	/** Called each time that Cliniko has shown the record. */
	onSeen: (record: PatientAttachment) => void;
	/** Called when Cliniko has answered for a minute that there is no such record. */
	onMissing: () => void;
	/** Called when the record could not be read, though the others could. */
	onError: (error: ClinikoError) => void;
}

interface Watched {
	/** When the wait began, in ms since 1970. */
	since: number;
	/** When the record was last polled, in ms since 1970; at first `since`. */
	polledAt: number;
	/** How many polls in a row did not list it. */
	unlisted: number;
	/** Its place in the order in which records are read on their own; a new one each time it is read. */
	turn: number;
	/** Since when requests for the record itself have answered 404, in ms since 1970. */
	missingSince?: number;
	watchers: Set<Watcher>;
}

/**
 * The unprocessed records of an account that any execution of this process waits for. Whichever
 * execution polls asks for all of them, and the others see the answer.
 *
 * There is no leader: each execution polls when one of its own records is due, unless another has just
 * done so. If the one that polls is cancelled or fails, the next one polls at its own next interval.
 */
export class SharedPoll {
	private readonly records = new Map<string, Watched>();

	private readonly request = new SharedRequest();

	private turns = 0;

	/** Why the last poll failed, whoever made it; undefined if it succeeded. */
	lastError: ClinikoError | undefined;

	/** The poll that all executions share which use the same key. */
	static readonly of = perAccount(() => new SharedPoll());

	/** Begins to poll a record. */
	watch(id: string, watcher: Watcher): void {
		const now = Date.now();
		const known = this.records.get(id);
		if (known) known.watchers.add(watcher);
		else {
			const watchers = new Set([watcher]);
			this.records.set(id, {
				since: now,
				polledAt: now,
				unlisted: 0,
				turn: this.turns++,
				watchers,
			});
		}
	}

	/** Ends it. */
	unwatch(id: string, watcher: Watcher): void {
		const known = this.records.get(id);
		known?.watchers.delete(watcher);
		if (known?.watchers.size === 0) this.records.delete(id);
	}

	/** When a record is to be polled next, in ms since 1970. */
	dueAt(id: string): number {
		const record = this.records.get(id);
		if (!record) return Infinity;
		// Our clock has been set back.
		if (record.polledAt > Date.now()) record.since = record.polledAt = Date.now();
		const interval = FIRST_INTERVAL + Math.round(GROWTH * (record.polledAt - record.since));
		return record.polledAt + Math.min(interval, MAX_INTERVAL);
	}

	/**
	 * Asks Cliniko for all records once. If another execution is doing so, waits a little for its answer
	 * instead.
	 *
	 * @param api of the execution that polls
	 * @returns why this execution's own poll failed; undefined if it succeeded, or if it was another's
	 * @throws what `pause` throws if the execution is cancelled while another's poll is waited for
	 */
	async poll(api: ClinikoApi, pause: Pause): Promise<ClinikoError | undefined> {
		const joined = this.request.join(pause);
		if (joined) {
			await joined;
			return undefined;
		}
		const error = await this.request
			.send(api, async (sending) => await this.ask(sending))
			.then(
				() => undefined,
				(reason: ClinikoError) => reason,
			);
		// That an execution ended says nothing about Cliniko.
		if (!(error instanceof Cancelled)) this.lastError = error;
		return error;
	}

	private async ask(api: ClinikoApi): Promise<void> {
		const now = Date.now();
		const ids = [...this.records.keys()];
		for (const record of this.records.values()) record.polledAt = now;
		const [only] = ids;
		// A list may omit a record that can be read on its own.
		if (ids.length === 1 && only) return await this.readOne(api, only);
		const lists: Array<Promise<string[]>> = [];
		for (let from = 0; from < ids.length; from += PAGE_SIZE) {
			lists.push(this.readList(api, ids.slice(from, from + PAGE_SIZE)));
		}
		const unlisted = (await Promise.all(lists)).flat();
		const next = this.inTurn(unlisted).slice(0, MAX_SINGLE);
		await Promise.all(next.map(async (id) => await this.readOne(api, id)));
	}

	/**
	 * First the records that another 404 would prove gone, since their executions are to be told in time,
	 * then those that have been read on their own, or waited for, the longest time ago.
	 */
	private inTurn(ids: string[]): string[] {
		const turnOf = (record: Watched): number => (isOverdue(record) ? -1 : record.turn);
		return [...this.records]
			.filter(([id]) => ids.includes(id))
			.sort(([, one], [, other]) => turnOf(one) - turnOf(other))
			.map(([id]) => id);
	}

	/** @returns the ids of the records to read on their own */
	private async readList(api: ClinikoApi, ids: string[]): Promise<string[]> {
		const listed = new Set<string>();
		// Also records that somebody has archived in the meantime.
		const filters = [`id:=${ids.join(',')}`, 'archived_at:*'];
		const errorContext = { action: 'see whether Cliniko has processed the files' };
		for await (const rows of api.list('patient_attachments', filters, errorContext)) {
			for (const row of rows) {
				if (!isClinikoRecord(row)) continue;
				listed.add(row.id);
				this.seen(row);
			}
		}
		return ids.filter((id) => {
			const record = this.records.get(id);
			// Lists may lag behind, so the first time that a record is missing is ignored.
			return !listed.has(id) && record && ++record.unlisted > 1;
		});
	}

	private async readOne(api: ClinikoApi, id: string): Promise<void> {
		const known = this.records.get(id);
		if (known) known.turn = this.turns++;
		const action = `see whether Cliniko has processed attachment ${id}`;
		const reading = readRecord(api, 'patient_attachments', id, action);
		const record = await reading.catch((error: ClinikoError) => {
			if (error instanceof Cancelled) throw error;
			this.notRead(id, error);
			return undefined;
		});
		if (record) this.seen(record);
	}

	private notRead(id: string, error: ClinikoError): void {
		const known = this.records.get(id);
		if (!known) return;
		const isMissing = error.httpCode === 404;
		if (isMissing) known.missingSince ??= Date.now();
		for (const watcher of known.watchers) {
			if (!isMissing) watcher.onError(error);
			else if (isOverdue(known)) watcher.onMissing();
		}
	}

	private seen(record: PatientAttachment): void {
		const known = this.records.get(record.id);
		if (!known) return;
		known.unlisted = 0;
		known.missingSince = undefined;
		for (const { onSeen } of known.watchers) onSeen(record);
	}
}

/** Whether a record has been missing for so long that it counts as gone if it still is. */
function isOverdue({ missingSince }: Watched): boolean {
	return missingSince !== undefined && Date.now() - missingSince >= LONGEST_MISSING;
}

import type { Person } from './person';

/** How long a creation is remembered, in ms: lists may show a new patient late. */
const LIFETIME = 10 * 60_000;

/** How many are remembered. */
const MOST = 1000;

/** A patient that this process has created. */
interface RecentPatient {
	id: string;
	account: string;
	/** The account and the name: see `nameKeyOf`. */
	key: string;
	/** In ms since 1970. */
	since: number;
}

/** A creation whose outcome is not known. */
export interface Doubt {
	person: Person;
	/** When it was requested, in ms since 1970. */
	since: number;
	/** Whether Cliniko accepted it. */
	accepted?: true;
}

/** Oldest first, as are the doubts. */
const recent: RecentPatient[] = [];

const doubts = new Map<string, Doubt>();

/** Notes that this process is about to create a patient with this key. */
export function beginCreation(key: string, person: Person, since: number): void {
	doubts.set(key, { person, since });
	const [oldest] = doubts.keys();
	if (oldest !== undefined && doubts.size > MOST) doubts.delete(oldest);
}

/** Notes that it is known what became of that creation. */
export function endCreation(key: string): void {
	doubts.delete(key);
}

/** A creation with this key that ended without a known outcome, for example because it was cancelled. */
export function doubtAbout(key: string): Doubt | undefined {
	const doubt = doubts.get(key);
	return doubt && isCurrent(doubt) ? doubt : undefined;
}

/** Remembers that this process has created a patient. */
export function rememberPatient(account: string, key: string, id: string): void {
	recent.push({ id, account, key, since: Date.now() });
	if (recent.length > MOST) recent.shift();
}

/** The ids of the patients with this key that this process has created lately. */
export function recentPatientsWith(key: string): string[] {
	return recent.filter((one) => one.key === key && isCurrent(one)).map(({ id }) => id);
}

/** Whether this process has lately created this patient of the account. */
export function isRecentPatient(account: string, id: string): boolean {
	return recent.some((one) => one.account === account && one.id === id && isCurrent(one));
}

function isCurrent({ since }: { since: number }): boolean {
	return Date.now() - since < LIFETIME;
}

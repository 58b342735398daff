import type { Person } from './person';

/** How long a creation is remembered, in ms: lists may show a new patient late. */
const LIFETIME = 10 * 60_000;

/** A patient that lists may not show yet. */
interface RecentPatient {
	id: string;
	account: string;
	/** The account and the name: see `nameKeyOf`. */
	key: string;
	/** In ms since 1970. */
	since: number;
	/** The creation of this process that the patient is of, if that is known: see `claimantOf`. */
	claimant?: string;
}

/** A creation whose outcome is not known, for example because it was cancelled. */
export interface Doubt {
	/** As in `RecentPatient`. */
	key: string;
	person: Person;
	/** Stands for the person: see `personDigest`. */
	digest: string;
	/** When it was requested, in ms since 1970. */
	since: number;
	/** Whether Cliniko accepted it. */
	accepted?: true;
}

/** Oldest first, as are the doubts. */
const recent: RecentPatient[] = [];

const doubts: Doubt[] = [];

/** Notes that this process is about to create a patient. */
export function beginCreation(doubt: Doubt): void {
	forget(doubts);
	doubts.push(doubt);
}

/** Notes that it is known what became of a creation. */
export function endCreation(doubt: Pick<Doubt, 'digest' | 'since'>): void {
	const at = doubts.findIndex((one) => isSame(one, doubt));
	if (at >= 0) doubts.splice(at, 1);
}

/** Notes that Cliniko accepted a creation. */
export function acceptCreation(doubt: Pick<Doubt, 'digest' | 'since'>): void {
	for (const one of doubts) if (isSame(one, doubt)) one.accepted = true;
}

/** The creations with this key whose outcome is not known. */
export function doubtsAbout(key: string): Doubt[] {
	return doubts.filter((one) => one.key === key && isCurrent(one));
}

/**
 * Remembers a patient that lists may not show yet.
 *
 * @param claimant the creation that has been given this patient, so that no other one may take it for
 *   its own
 */
export function rememberPatient(account: string, key: string, id: string, claimant?: string): void {
	forget(recent);
	recent.push({ id, account, key, since: Date.now(), claimant });
}

/** Stands for one creation, in every retry of the execution that has requested it. */
export function claimantOf({ digest, since }: Pick<Doubt, 'digest' | 'since'>): string {
	return `${digest} ${since}`;
}

/** The ids of the patients with this key that this process has seen created lately. */
export function recentPatientsWith(key: string): string[] {
	const ids = recent.filter((one) => one.key === key && isCurrent(one)).map(({ id }) => id);
	return [...new Set(ids)];
}

/** Whether another creation of this process has lately been given this patient of the account. */
export function isOfAnother(account: string, id: string, claimant: string): boolean {
	return recent.some(
		(one) =>
			one.claimant !== undefined &&
			one.claimant !== claimant &&
			one.account === account &&
			one.id === id &&
			isCurrent(one),
	);
}

function isSame(one: Doubt, { digest, since }: Pick<Doubt, 'digest' | 'since'>): boolean {
	return one.digest === digest && one.since === since;
}

function forget(list: Array<{ since: number }>): void {
	while (list[0] && !isCurrent(list[0])) list.shift();
}

function isCurrent({ since }: { since: number }): boolean {
	return Date.now() - since < LIFETIME;
}

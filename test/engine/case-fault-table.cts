/**
 * Everything that can go wrong while a case is created or a file is linked to one, and the expected
 * outcome: one row per fault and step. `case-faults.test.cts` runs the rows.
 */
import type { INode } from 'n8n-workflow';

import type { Fault, FaultAction, Settings } from '../../sandbox/sandbox.cts';
import {
	answer,
	at,
	badKey,
	changed,
	changedTo,
	cutOff,
	elsewhere,
	EVER,
	fault,
	half,
	hang,
	html,
	json,
	limited,
	noReply,
	notJson,
	redirect,
	reset,
	slow,
	unprocessable,
} from './fault-table.cts';

/** The case that every row is about. */
export const KNEE = { name: 'Featherstonehaugh’s left knee', notes: 'Prefers mornings' };

type Words = readonly [message: RegExp, advice: RegExp];

/** A fault and its expected outcome. */
export interface CaseRow {
	what: string;
	does: 'create' | 'link';
	faults?: Fault[];
	/** Faults of what follows the first request to create the case or to change it. */
	afterwards?: Fault[];
	/** How many hours Cliniko's clock is ahead of ours. */
	skew?: number;
	settings?: Partial<Settings>;
	/** A creation that was not answered still runs, this many ms after the end of its request. */
	late?: number;
	/** Somebody else creates a case of this name with other notes when ours is requested. */
	foreign?: true;
	/** Settings of the node itself. */
	node?: Partial<INode>;
	/** How many items there are, one by default. */
	items?: number;
	/** The message of the error; none if all goes well. */
	then?: Words;
	/** How many cases of this name there are in the end, one by default. */
	records?: number;
	/** How many files are stored in the end, one by default. */
	stored?: number;
	/** Whether the file is linked though the row ends with an error; by default it is not. */
	isLinked?: boolean;
	/** How many requests the creation or the change gets. */
	asked: number;
	/** Approximate duration in seconds, if long. */
	takes?: number;
	/** Minimum duration in seconds, if the node has to wait. */
	waits?: number;
}

const patient = at('get');
const cases = at('cases');
const create = at('createCase');
const change = at('updateCase');
const list = at('caseFiles');

/** The case was created, but only the reply's `Location` refers to it. */
const located: FaultAction = {
	rewrite: (reply) => ({
		...reply,
		headers: { Location: String(reply.headers.Location) },
		body: '',
	}),
};

const mayNot = [/may not do this/, /role may add and change cases/] as const;
const mayNotSee = [/may not do this/, /role/] as const;
const nothingThere = [/has no patient with the ID \d+/, /Check the ID/] as const;
const invalid = [
	/did not accept it\. Cliniko says: Validation Failed: Name is invalid, Max Sessions is too long/,
	/Change what Cliniko names/,
] as const;
const two422 = unprocessable({ name: 'is invalid', max_sessions: 'is too long' });
const perhaps = (message: RegExp) =>
	[message, /may have been created: look at the patient in Cliniko/] as const;
const notShown = perhaps(/does not say whether it created the case.*does not show it/);

/** Faults that are over at the second try of a request that may be repeated. */
const passing = (step: ReturnType<typeof at>): Array<[string, Fault]> => [
	['reset', step.before(reset)],
	['reset before the reply', step.after(reset)],
	['reset in the reply', step.after(cutOff)],
	...[500, 503, 408].map((status): [string, Fault] => [`${status}`, step.before(html(status))]),
	['HTML', step.before(html())],
	['half the JSON', step.after(half)],
	['nothing', step.before(answer(200))],
	['429', step.before(limited(1))],
];

/** Faults that end a request. */
const final: Array<[what: string, action: FaultAction, times: number, words: Words]> = [
	['401', json(401, {}), 1, badKey],
	['403', json(403, {}), 1, mayNotSee],
	['409', json(409, {}), 1, fault(409)],
	['302 to another host', elsewhere(302), 1, redirect],
	['reset for ever', reset, EVER, noReply],
	['503 for ever', html(503), EVER, fault(503)],
	['HTML for ever', html(), EVER, notJson],
];

/** Faults of the requests that read, before anything is created or stored. */
function reading(
	does: CaseRow['does'],
	name: string,
	step: ReturnType<typeof at>,
	then: Pick<CaseRow, 'records' | 'stored'>,
): CaseRow[] {
	const rows: CaseRow[] = [
		...passing(step).map(([what, strike]): CaseRow => {
			return { what, does, faults: [strike], asked: 1 };
		}),
		...final.map(
			([what, action, times, words]): CaseRow => ({
				what,
				does,
				faults: [step.before(action, times)],
				then: words,
				...then,
				asked: 0,
				...(times > 1 && { takes: 8 }),
			}),
		),
	];
	return rows.map((row) => ({ ...row, what: `${name}: ${row.what}` }));
}

/** Faults of the creation itself, which must not be repeated where it may have run. */
const creating: CaseRow[] = [
	...(
		[
			['reset, not created', create.before(reset)],
			['500, not created', create.before(html(500))],
			['408, not created', create.before(html(408))],
		] as const
	).map(
		([what, strike]): CaseRow => ({
			what,
			does: 'create',
			faults: [strike],
			asked: 2,
			takes: 63,
		}),
	),
	...(
		[
			['reset, created', create.after(reset)],
			['reset in the reply, created', create.after(cutOff)],
			['500, created', create.after(html(500))],
			['500 for ever, created', create.after(html(500), EVER)],
			['HTML, created', create.after(html())],
			['half the JSON, created', create.after(half)],
			['an empty reply, created', create.after(answer(201))],
			['a reply without an ID, created', create.after(changed(() => '{}'))],
			['a reply about another case, created', create.after(changedTo({ id: '7', name: 'Hip' }))],
			[
				'a reply about another patient, created',
				create.after(changedTo({ id: '7', patient: { links: { self: 'https://x/patients/7' } } })),
			],
			['302, created', create.after(elsewhere(302))],
			['only the Location, created', create.after(located)],
		] as const
	).map(
		([what, strike]): CaseRow => ({ what, does: 'create', faults: [strike], asked: 1, takes: 5 }),
	),
	{ what: 'slow', does: 'create', faults: [create.before(slow)], asked: 1 },
	{ what: 'hang, created', does: 'create', faults: [create.after(hang)], asked: 1, takes: 34 },
	{ what: 'hang, not created', does: 'create', faults: [create.before(hang)], asked: 2, takes: 95 },
	...(
		[
			['HTML, not created', html()],
			['a 201 without a body, not created', answer(201)],
			['302, not created', elsewhere(302)],
		] as const
	).map(
		([what, action]): CaseRow => ({
			what,
			does: 'create',
			faults: [create.before(action)],
			then: notShown,
			records: 0,
			asked: 1,
			takes: 63,
		}),
	),
	{
		what: '503 for ever, not created',
		does: 'create',
		faults: [create.before(html(503), EVER)],
		then: perhaps(fault(503)[0]),
		records: 0,
		asked: 2,
		takes: 124,
	},
	...(
		[
			['401', json(401, {}), badKey],
			['403', json(403, {}), mayNot],
			['404', json(404, {}), nothingThere],
			['409', json(409, {}), fault(409)],
			['422, field by field', two422, invalid],
		] as const
	).map(
		([what, action, words]): CaseRow => ({
			what,
			does: 'create',
			faults: [create.before(action)],
			then: words,
			records: 0,
			asked: 1,
		}),
	),
	{
		what: '500, not created, and then 422',
		does: 'create',
		faults: [create.before(html(500)), create.before(two422)],
		then: perhaps(/did not accept it/),
		records: 0,
		asked: 2,
		takes: 63,
	},
	{
		what: '500, created after 20 seconds',
		does: 'create',
		faults: [create.before(html(500))],
		late: 20_000,
		asked: 1,
		takes: 32,
	},
	{
		what: '500, not created, and somebody else creates one like it',
		does: 'create',
		faults: [create.before(html(500))],
		foreign: true,
		then: perhaps(/not clear whether it is one that was created in these minutes: ID \d+/),
		asked: 1,
		takes: 63,
	},
	{
		what: '500, created, and the search 403',
		does: 'create',
		faults: [create.after(html(500))],
		afterwards: [cases.before(json(403, {}))],
		then: perhaps(/check whether the case was created.*may not do this/),
		asked: 1,
	},
	{
		what: 'limit, twice',
		does: 'create',
		faults: [create.before(limited(1), 2)],
		asked: 3,
		waits: 1,
	},
	...[5, -5].map(
		(skew): CaseRow => ({
			what: `${skew} h, created and its reply lost`,
			does: 'create',
			skew,
			faults: [create.after(reset)],
			asked: 1,
			takes: 5,
		}),
	),
	{
		what: 'tried again by Retry On Fail after a reply that was lost',
		does: 'create',
		faults: [create.after(html(500))],
		afterwards: [cases.before(json(403, {}))],
		node: { retryOnFail: true, maxTries: 2, waitBetweenTries: 100 },
		asked: 1,
		takes: 8,
	},
	{
		what: 'tried again by Retry On Fail after a 2xx that shows nothing',
		does: 'create',
		faults: [create.before(answer(201))],
		node: { retryOnFail: true, maxTries: 2, waitBetweenTries: 100 },
		then: notShown,
		records: 0,
		asked: 1,
		takes: 125,
	},
	{
		what: 'two items alike, and the first reply lost',
		does: 'create',
		items: 2,
		faults: [create.after(reset)],
		records: 2,
		asked: 2,
		takes: 5,
	},
	{
		what: 'two items alike, and the first not created',
		does: 'create',
		items: 2,
		faults: [create.before(reset)],
		records: 2,
		asked: 3,
		takes: 63,
	},
];

const mayBeLinked = ([message]: Words) =>
	[
		new RegExp(
			`is stored, as attachment \\d+, but may not be linked to case \\d+\\..*${message.source}`,
		),
		/Do not upload it again: link it in Cliniko, or use Retry/,
	] as const;

/** Faults of the change that links a file, which is sent again with a list that is read again. */
const linking: CaseRow[] = [
	...(
		[
			['reset', change.before(reset), 2],
			['reset before the reply', change.after(reset), 1],
			['500', change.before(html(500)), 2],
			['500, linked', change.after(html(500)), 1],
			['HTML', change.before(html()), 2],
			['429', change.before(limited(1)), 2],
			['ignored once', change.before(json(200, {})), 2],
			['slow', change.before(slow), 1],
		] as const
	).map(
		([what, strike, asked]): CaseRow => ({
			what,
			does: 'link',
			settings: { listLagMs: 0 },
			faults: [strike],
			asked,
			...(what === 'ignored once' && { takes: 32 }),
		}),
	),
	{
		what: '500 with a list that lags, linked',
		does: 'link',
		faults: [change.after(html(500))],
		asked: 2,
	},
	{ what: 'hang', does: 'link', faults: [change.before(hang)], asked: 2, takes: 34 },
	...final.map(
		([what, action, times, words]): CaseRow => ({
			what,
			does: 'link',
			faults: [change.before(action, times)],
			then: mayBeLinked(words),
			asked: times > 1 ? 5 : 1,
			...(times > 1 && { takes: 10 }),
		}),
	),
	{
		what: '404',
		does: 'link',
		faults: [change.before(json(404, {}))],
		then: mayBeLinked([/has no case with the ID \d+ that can be changed/, /./]),
		asked: 1,
	},
	{
		what: '422',
		does: 'link',
		faults: [change.before(unprocessable({ patient_attachment_ids: 'is invalid' }))],
		then: mayBeLinked([/patient_attachment_ids is invalid/, /./]),
		asked: 1,
	},
	{
		what: 'ignored for ever',
		does: 'link',
		faults: [change.before(json(200, {}), EVER)],
		then: mayBeLinked([/Cliniko does not show attachment \d+ in case \d+/, /./]),
		asked: 2,
		takes: 63,
	},
	{
		what: '500 for ever, linked, with a list that lags',
		does: 'link',
		settings: { listLagMs: 60_000 },
		faults: [change.after(html(500), EVER)],
		then: mayBeLinked(fault(500)),
		isLinked: true,
		asked: 5,
		takes: 10,
	},
	...(
		[
			['403', json(403, {}), 1, mayNotSee],
			['503 for ever', html(503), EVER, fault(503)],
		] as const
	).flatMap(([what, action, times, words]): CaseRow[] => [
		{
			what: `the list: ${what}`,
			does: 'link',
			faults: [list.before(action, times)],
			then: mayBeLinked(words),
			asked: 0,
			...(times > 1 && { takes: 10 }),
		},
		{
			what: `the list, read again: ${what}`,
			does: 'link',
			faults: [list.before(action, times, 1)],
			then: mayBeLinked(words),
			isLinked: true,
			asked: 1,
			...(times > 1 && { takes: 10 }),
		},
	]),
	{
		what: 'tried again by Retry On Fail',
		does: 'link',
		faults: [change.before(json(403, {}))],
		node: { retryOnFail: true, maxTries: 2, waitBetweenTries: 100 },
		asked: 2,
	},
	{
		what: 'four files, and the first change lost',
		does: 'link',
		items: 4,
		stored: 4,
		faults: [change.before(reset)],
		asked: 5,
	},
];

export const caseRows: CaseRow[] = [
	{ what: 'nothing', does: 'create', asked: 1 } as const,
	...reading('create', 'patient', patient, { records: 0 }),
	...creating,
	{ what: 'nothing', does: 'link', asked: 1 } as const,
	...reading('link', 'case', cases, { stored: 0 }),
	...linking,
].map((row) => ({ ...row, what: `${row.does}: ${row.what}` }));

/**
 * Everything that can go wrong while a patient is created or changed, and the expected outcome: one row
 * per fault and step. `patient-faults.test.cts` runs the rows.
 */
import type { IDataObject, INode } from 'n8n-workflow';

import {
	SANDBOX_OTHER_PATIENT_ID,
	type Fault,
	type FaultAction,
	type Patient,
	type Settings,
} from '../../sandbox/sandbox.cts';
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

/** The person that every row is about, as the form gives her. */
export const JANE = {
	firstName: 'Jane',
	lastName: 'Featherstonehaugh',
	dateOfBirth: '1987-05-31',
	email: 'jane@featherstonehaugh.example',
	city: 'Brighton',
	notes: 'Prefers mornings',
	phone: '0412 345 678',
};

/** Her record from before, on which some is missing and some differs. */
export const JANE_BEFORE: Partial<Patient> = {
	firstName: JANE.firstName,
	lastName: JANE.lastName,
	dateOfBirth: JANE.dateOfBirth,
	email: JANE.email,
	oldReferenceId: 'P-77',
	details: {
		city: 'Perth',
		occupation: 'Baker',
		patient_phone_numbers: [{ phone_type: 'Home', number: '03 9000 0000' }],
	},
};

export type What = 'create' | 'upsert' | 'upsert of one who is there' | 'update';

/** A fault and its expected outcome. */
export interface PatientRow {
	what: string;
	does: What;
	faults?: Fault[];
	/** Faults of what follows the first request to create a patient. */
	afterwards?: Fault[];
	/** How many hours Cliniko's clock is ahead of ours. */
	skew?: number;
	settings?: Partial<Settings>;
	/** A creation that was not answered still runs, this many ms after the end of its request. */
	late?: number;
	parameters?: IDataObject;
	/** Settings of the node itself. */
	node?: Partial<INode>;
	/** How many items the person comes with, one by default. */
	items?: number;
	/** The message of the error; none if all goes well. */
	then?: readonly [message: RegExp, advice: RegExp];
	/** What somebody does after the first request to create or change her. */
	meanwhile?: 'phone added' | 'archived' | 'merged';
	/** How many records she has in the end, one by default. */
	records?: number;
	/** Whether an existing record is changed though the row ends with an error; by default it is not. */
	isChanged?: boolean;
	/** How many requests the creation and the change get. */
	asked: [create: number, change: number];
	/** Approximate duration in seconds, if long. */
	takes?: number;
	/** Minimum duration in seconds, if the node has to wait. */
	waits?: number;
}

const patients = at('patients');
const get = at('get');
const create = at('createPatient');
const change = at('updatePatient');

/** The patient was created, but only the reply's `Location` refers to it. */
const located: FaultAction = {
	rewrite: (reply) => ({
		...reply,
		headers: { Location: String(reply.headers.Location) },
		body: '',
	}),
};
/** The reply is about another patient. */
const another = changedTo({
	id: SANDBOX_OTHER_PATIENT_ID,
	first_name: 'Zoe',
	last_name: 'O’Hara',
	date_of_birth: '1991-11-02',
});
const noId = changed(() => '{}');

const mayNot = [/may not do this/, /whose role may/] as const;
const mayNotAddPatients = [/may not do this/, /role may add and change patients/] as const;
const nothingThere = [/has nothing there/, /Check the ID/] as const;
const invalid = [
	/did not accept it\. Cliniko says: Validation Failed: Email is invalid, Medicare Number is too short/,
	/Change what Cliniko names/,
] as const;
const perhaps = (message: RegExp) => [message, /may have been created: look in Cliniko/] as const;
const archived = [
	/was created, as patient \d+, and is archived in Cliniko now/,
	/out of the archive in Cliniko/,
] as const;
const notShown = perhaps(/does not say whether it created the patient.*does not show the patient/);
const mayBeChanged = ([message, advice]: readonly [RegExp, RegExp]) =>
	[
		message,
		new RegExp(`may be changed all the same.*can safely be run again.*${advice.source}`),
	] as const;

const two422 = unprocessable({ email: 'is invalid', medicare: 'is too short' });

/** Faults after which a request has been carried out, and that are over at the second try. */
const afterIt = (step: ReturnType<typeof at>): Array<[string, Fault]> => [
	['reset before the reply', step.after(reset)],
	['reset in the reply', step.after(cutOff)],
	['half the JSON', step.after(half)],
];

/** Faults before a request is carried out, and that are over at the second try. */
const beforeIt = (step: ReturnType<typeof at>): Array<[string, Fault]> => [
	['reset', step.before(reset)],
	...[500, 502, 503, 504, 408].map((status): [string, Fault] => [
		`${status}`,
		step.before(html(status)),
	]),
	['HTML', step.before(html())],
	['nothing', step.before(answer(200))],
	['429', step.before(limited(1))],
];

type Words = readonly [RegExp, RegExp];

/** Faults that end a request. */
const final: Array<[string, FaultAction, number, Words]> = [
	['401', json(401, {}), 1, badKey],
	['403', json(403, {}), 1, mayNot],
	['404', json(404, {}), 1, nothingThere],
	['409', json(409, {}), 1, fault(409)],
	['302 to another host', elsewhere(302), 1, redirect],
	['reset for ever', reset, EVER, noReply],
	['503 for ever', html(503), EVER, fault(503)],
	['HTML for ever', html(), EVER, notJson],
];

/** Faults of the requests that read, before anything is created or changed. */
function reading(
	does: What,
	name: string,
	step: ReturnType<typeof at>,
	asked: PatientRow['asked'],
	notFound = nothingThere as Words,
): PatientRow[] {
	return [
		...[...beforeIt(step), ...afterIt(step)].map(
			([what, strike]): PatientRow => ({
				what: `${name}: ${what}`,
				does,
				faults: [strike],
				asked,
			}),
		),
		...final.map(
			([what, action, times, words]): PatientRow => ({
				what: `${name}: ${what}`,
				does,
				faults: [step.before(action, times)],
				then: what === '404' ? notFound : words,
				records: does === 'create' || does === 'upsert' ? 0 : 1,
				asked: [0, 0],
				...(times > 1 && { takes: 8 }),
			}),
		),
	];
}

/** Faults of the creation itself, which must not be repeated where it may have run. */
function creating(does: 'create' | 'upsert'): PatientRow[] {
	const rows: PatientRow[] = [
		...(
			[
				['reset, not created', create.before(reset)],
				['500, not created', create.before(html(500))],
				['503, not created', create.before(html(503))],
				['408, not created', create.before(html(408))],
			] as const
		).map(
			([what, strike]): PatientRow => ({ what, does, faults: [strike], asked: [2, 0], takes: 63 }),
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
				['a reply without an ID, created', create.after(noId)],
				['a reply about another patient, created', create.after(another)],
				['302, created', create.after(elsewhere(302))],
				['only the Location, created', create.after(located)],
			] as const
		).map(
			([what, strike]): PatientRow => ({ what, does, faults: [strike], asked: [1, 0], takes: 5 }),
		),
		{ what: 'slow', does, faults: [create.before(slow)], asked: [1, 0] },
		{ what: 'hang, created', does, faults: [create.after(hang)], asked: [1, 0], takes: 34 },
		{ what: 'hang, not created', does, faults: [create.before(hang)], asked: [2, 0], takes: 95 },
		...(
			[
				['HTML, not created', html()],
				['a 201 without a body, not created', answer(201)],
				['302, not created', elsewhere(302)],
			] as const
		).map(
			([what, action]): PatientRow => ({
				what,
				does,
				faults: [create.before(action)],
				then: notShown,
				records: 0,
				asked: [1, 0],
				takes: 63,
			}),
		),
		{
			what: '503 for ever, not created',
			does,
			faults: [create.before(html(503), EVER)],
			then: fault(503),
			records: 0,
			asked: [2, 0],
			takes: 124,
		},
		...(
			[
				['401', json(401, {}), badKey],
				['403', json(403, {}), mayNotAddPatients],
				['404', json(404, {}), nothingThere],
				['409', json(409, {}), fault(409)],
				['422, field by field', two422, invalid],
			] as const
		).map(
			([what, action, words]): PatientRow => ({
				what,
				does,
				faults: [create.before(action)],
				then: words,
				records: 0,
				asked: [1, 0],
			}),
		),
		{
			what: '422 that quotes the person',
			does,
			faults: [
				create.before(
					unprocessable({ first_name: `${JANE.firstName} FEATHERSTONEHAUGH is taken` }),
				),
			],
			then: [/First Name is not accepted/, /Change what.*try the same in Cliniko by hand/],
			records: 0,
			asked: [1, 0],
		},
		{
			what: '500, not created, and then 422',
			does,
			faults: [create.before(html(500)), create.before(two422)],
			then: perhaps(/did not accept it/),
			records: 0,
			asked: [2, 0],
			takes: 63,
		},
		{
			what: '500, created after 20 seconds',
			does,
			faults: [create.before(html(500))],
			late: 20_000,
			asked: [1, 0],
			takes: 32,
		},
		{
			what: '500, created, and the search 403',
			does,
			faults: [create.after(html(500))],
			afterwards: [patients.before(json(403, {}))],
			then: perhaps(/check whether the patient was created.*may not do this/),
			asked: [1, 0],
		},
		...(['reset', 'an empty reply'] as const).flatMap((what): PatientRow[] => [
			{
				what: `${what}, created, and archived by somebody`,
				does,
				faults: [create.after(what === 'reset' ? reset : answer(201))],
				meanwhile: 'archived',
				then: archived,
				asked: [1, 0],
				takes: 63,
			},
			{
				what: `${what}, created, and merged into another by somebody`,
				does,
				faults: [create.after(what === 'reset' ? reset : answer(201))],
				settings: { listsShowMerged: true },
				meanwhile: 'merged',
				records: 2,
				asked: [1, 0],
				takes: 63,
			},
		]),
		{
			what: 'created, archived by somebody, and tried again by Retry On Fail',
			does,
			faults: [create.after(reset)],
			meanwhile: 'archived',
			node: { retryOnFail: true, maxTries: 2, waitBetweenTries: 100 },
			then: archived,
			asked: [1, 0],
			takes: 63,
		},
		{
			what: 'limit, twice',
			does,
			faults: [create.before(limited(1), 2)],
			asked: [3, 0],
			waits: 1,
		},
		...[5, -5].map(
			(skew): PatientRow => ({
				what: `${skew} h, created and its reply lost`,
				does,
				skew,
				faults: [create.after(reset)],
				asked: [1, 0],
				takes: 5,
			}),
		),
		{
			what: 'tried again by Retry On Fail after a reply that was lost',
			does,
			faults: [create.after(html(500))],
			afterwards: [patients.before(json(403, {}))],
			node: { retryOnFail: true, maxTries: 2, waitBetweenTries: 100 },
			asked: [1, 0],
			takes: 8,
		},
		{
			what: 'tried again by Retry On Fail after a 2xx that shows nothing',
			does,
			faults: [create.before(answer(201))],
			node: { retryOnFail: true, maxTries: 2, waitBetweenTries: 100 },
			then: notShown,
			records: 0,
			asked: [1, 0],
			takes: 125,
		},
		{
			what: 'two items of one person, and the first reply lost',
			does,
			items: 2,
			faults: [create.after(reset)],
			parameters: { ifMatches: 'return' },
			asked: [1, 0],
			takes: 5,
		},
		{
			what: 'two items of one person, and the first not created',
			does,
			items: 2,
			faults: [create.before(reset)],
			parameters: { ifMatches: 'return' },
			asked: [2, 0],
			takes: 63,
		},
	];
	return rows.map((row) => ({ ...row, what: `creation: ${row.what}` }));
}

/** Faults of a change, which may be repeated. */
function changing(does: 'update' | 'upsert of one who is there'): PatientRow[] {
	const rows: PatientRow[] = [
		...beforeIt(change).map(
			([what, strike]): PatientRow => ({ what, does, faults: [strike], asked: [0, 2] }),
		),
		// The record is read again, and has it.
		...afterIt(change).map(
			([what, strike]): PatientRow => ({ what, does, faults: [strike], asked: [0, 1] }),
		),
		...beforeIt(change).map(
			([what, strike]): PatientRow => ({
				what: `${what}, and somebody adds a phone number meanwhile`,
				does,
				faults: [strike],
				settings: { patchedArrays: 'replaced' },
				meanwhile: 'phone added',
				asked: [0, 2],
			}),
		),
		{ what: 'slow', does, faults: [change.before(slow)], asked: [0, 1] },
		{ what: 'hang', does, faults: [change.before(hang)], asked: [0, 2], takes: 33 },
		{ what: 'hang after it', does, faults: [change.after(hang)], asked: [0, 1], takes: 33 },
		...final.map(([what, action, times, words]): PatientRow => {
			const isOpen = times > 1;
			return {
				what,
				does,
				faults: [change.before(action, times)],
				then:
					what === '403'
						? mayNotAddPatients
						: what === '404'
							? [/has no patient with the ID \d+ that can be changed/, /Check the ID/]
							: isOpen
								? mayBeChanged(words)
								: words,
				asked: [0, isOpen ? 5 : 1],
				...(isOpen && { takes: 8 }),
			};
		}),
		{
			what: '500 for ever, changed',
			does,
			faults: [change.after(html(500), EVER)],
			asked: [0, 1],
		},
		{
			what: '422, field by field',
			does,
			faults: [change.before(two422)],
			then: invalid,
			asked: [0, 1],
		},
		{
			what: 'a reply without an ID',
			does,
			faults: [change.after(noId)],
			then: [/not the patient’s record/, /most likely changed/],
			isChanged: true,
			asked: [0, 1],
		},
		{
			what: 'a reply about another patient',
			does,
			faults: [change.after(another)],
			then: [/not the patient’s record/, /most likely changed/],
			isChanged: true,
			asked: [0, 1],
		},
		{
			what: 'tried again by Retry On Fail',
			does,
			faults: [change.before(json(403, {}))],
			node: { retryOnFail: true, maxTries: 2, waitBetweenTries: 100 },
			asked: [0, 2],
		},
	];
	return rows.map((row) => ({ ...row, what: `change: ${row.what}` }));
}

const isNoPatient = [/has no patient with the ID \d+/, /Check the ID/] as const;

const rows: PatientRow[] = [
	{ what: 'nothing', does: 'create', asked: [1, 0] },
	...reading('create', 'search', patients, [1, 0]),
	...creating('create'),
	{ what: 'nothing', does: 'upsert', asked: [1, 0] },
	...reading('upsert', 'search', patients, [1, 0]),
	...creating('upsert'),
	{ what: 'nothing', does: 'upsert of one who is there', asked: [0, 1] },
	...reading('upsert of one who is there', 'search', patients, [0, 1]),
	...reading('upsert of one who is there', 'reading', get, [0, 1], isNoPatient),
	...changing('upsert of one who is there'),
	{ what: 'nothing', does: 'update', asked: [0, 1] },
	...reading('update', 'reading', get, [0, 1], isNoPatient),
	...changing('update'),
];

export const patientRows = rows.map((row) => ({ ...row, what: `${row.does}: ${row.what}` }));

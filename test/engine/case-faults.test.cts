/**
 * No fault may lose a case or a file, create or store one twice, or take an attachment out of a case, and
 * every failure is reported. The rows are in `case-fault-table.cts`. To run one of them, use its name:
 * `npx jest test/engine/case-faults -t "link: 429"`.
 *
 * @jest-environment ./test/engine/environment.cjs
 */
import type { INodeExecutionData } from 'n8n-workflow';

import {
	BUCKET_HOST,
	SANDBOX_PATIENT_ID,
	type Fault,
	type PatientCase,
	type RecordedRequest,
} from '../../sandbox/sandbox.cts';
import { caseRows, KNEE, type CaseRow } from './case-fault-table.cts';
import { by, file, newCredential, pdf, type ClinicWithN8n } from './clinic.cts';
import { prepare, useRows } from './lanes.cts';
import { putOnRecord } from './records.cts';

interface Outcome {
	output: INodeExecutionData[];
	error?: { message: string; description?: string };
	/** The cases of this name in the end. */
	records: PatientCase[];
	/** The ids of the attachments that were stored, those that are linked, and the one from before. */
	stored: string[];
	linked: string[];
	before: string;
	requests: RecordedRequest[];
	unused: Fault[];
	written: string;
	apiKey: string;
	/** In seconds. */
	took: number;
}

const { outcomes, sum } = useRows(caseRows, 4, runRow);

afterAll(() => {
	process.stdout.write(
		`${outcomes.size} faults: ${sum(lost)} cases, files or links lost, ${sum(twice)} created twice\n`,
	);
});

it.each(caseRows)('$what', (row) => {
	const outcome = outcomes.get(row)!;
	expect({ faultsThatStruckNothing: outcome.unused }).toEqual({ faultsThatStruckNothing: [] });
	expectEnd(row, outcome);
	expect([lost, twice].map((count) => count(row, outcome))).toEqual([0, 0]);
	const isAsked = isRequest(row.does);
	expect(outcome.requests.filter(isAsked)).toHaveLength(row.asked);
	expectNothingGivenAway(outcome);
	expect(outcome.took).toBeGreaterThanOrEqual(row.waits ?? 0);
});

const isRequest =
	(does: CaseRow['does']) =>
	({ method, path }: RecordedRequest): boolean =>
		does === 'create'
			? method === 'POST' && path === '/v1/patient_cases'
			: method === 'PATCH' && /^\/v1\/patient_cases\/\d+$/.test(path);

async function runRow(
	{ sandbox, engine, run }: ClinicWithN8n,
	row: CaseRow,
	number: number,
): Promise<Outcome> {
	const { clinic, faults, settings } = sandbox;
	const patientId = SANDBOX_PATIENT_ID;
	const credential = newCredential(sandbox);
	const old = await putOnRecord(sandbox, { name: 'old.pdf', content: pdf('old') });
	if (row.does === 'link') {
		clinic.addCase({ patientId, ...KNEE, linked: [{ ids: [old.id], at: 0 }] });
	}
	prepare(sandbox, row);
	let isAsked = false;
	settings.onRequest = (request) => {
		if (isAsked || !isRequest(row.does)(request)) return;
		isAsked = true;
		for (const one of row.afterwards ?? []) faults.add(one);
		const { name, notes } = KNEE;
		const addedAt = Date.now();
		if (row.foreign) clinic.addCase({ patientId, name, details: { notes: 'Other' }, addedAt });
		if (row.late === undefined) return;
		setTimeout(
			() => clinic.addCase({ patientId, name, details: { notes }, addedAt: Date.now() }),
			row.late,
		);
	};
	const logged = engine.log().length;
	const began = Date.now();
	const items = Array.from({ length: row.items ?? 1 }, (_, item) => ({
		json: { ...KNEE },
		files: { data: file('letter.pdf', pdf(`letter ${item} of case row ${number}`)) },
	}));
	const {
		output,
		error,
		run: ran,
	} = await run({
		items,
		// As expressions: n8n's errors contain the parameters.
		parameters:
			row.does === 'create'
				? {
						resource: 'patientCase',
						operation: 'create',
						name: '={{ $json.name }}',
						additionalFields: { notes: '={{ $json.notes }}' },
					}
				: { options: { linkToCase: by('list', 'onlyOpen') } },
		node: row.node,
		credential,
	});
	const records = [...clinic.cases.values()].filter(({ name }) => name === KNEE.name);
	return {
		output,
		error,
		records,
		stored: [...clinic.attachments.keys()].filter((id) => id !== old.id),
		linked: records[0]?.linked.at(-1)?.ids ?? [],
		before: old.id,
		requests: [...sandbox.requests],
		unused: faults.unused,
		written:
			JSON.stringify(ran.data.resultData.error ?? '') +
			JSON.stringify(ran.data.executionData?.contextData ?? '') +
			engine.log().slice(logged),
		apiKey: credential.apiKey,
		took: (Date.now() - began) / 1000,
	};
}

function expectEnd(row: CaseRow, { output, error, records, stored, linked }: Outcome): void {
	const { then, does, items = 1, isLinked } = row;
	expect(records).toHaveLength(row.records ?? 1);
	if (does === 'link') expect(stored).toHaveLength(row.stored ?? 1);
	if (then) {
		expect(error?.message).toMatch(then[0]);
		expect(error?.description).toMatch(then[1]);
		expect(output).toEqual([]);
		if (isLinked) expect(linked).toEqual(expect.arrayContaining(stored));
		return;
	}
	expect(error).toBeUndefined();
	expect(output).toHaveLength(items);
	const ids = does === 'create' ? records.map(({ id }) => id) : stored;
	expect(new Set(output.map(({ json }) => json.id))).toEqual(new Set(ids));
}

/** What was given and is neither there nor reported as missing, and what was there before and is not. */
function lost({ does, isLinked }: CaseRow, outcome: Outcome): number {
	const { error, records, stored, linked, before } = outcome;
	if (does === 'create') {
		const isThere = records.every(({ details }) => details.notes === KNEE.notes);
		return error || (records.length > 0 && isThere) ? 0 : 1;
	}
	const wanted = [before, ...(error && !isLinked ? [] : stored)];
	return wanted.filter((id) => !linked.includes(id)).length;
}

function twice(row: CaseRow, { records, stored }: Outcome): number {
	const more = (have: unknown[], expected = 1) => Math.max(have.length - expected, 0);
	return more(records, row.records) + (row.does === 'link' ? more(stored, row.stored) : 0);
}

/** The key went to Cliniko only, and neither a message nor the node's memory names anybody. */
function expectNothingGivenAway({ requests, written, apiKey }: Outcome): void {
	for (const { host } of requests) expect(['api.au1.cliniko.com', BUCKET_HOST]).toContain(host);
	for (const secret of [
		apiKey.replace(/-au1$/, ''),
		Buffer.from(apiKey).toString('base64').slice(0, -4),
		/Featherstone/i,
		KNEE.notes,
		/O['’]Hara|Zo[eë]\b/,
	]) {
		expect(written).not.toMatch(secret);
	}
}

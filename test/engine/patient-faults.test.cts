/**
 * No fault may lose a patient's details, create a patient twice, change another one, or erase what is on
 * a record, and every failure is reported. The rows are in `patient-fault-table.cts`. To run one of them,
 * use its name: `npx jest test/engine/patient-faults -t "creation: 503"`.
 *
 * @jest-environment ./test/engine/environment.cjs
 */
import type { IDataObject, INodeExecutionData } from 'n8n-workflow';

import {
	SANDBOX_PATIENT_ID,
	type Fault,
	type Patient,
	type RecordedRequest,
} from '../../sandbox/sandbox.cts';
import { by, newCredential, type ClinicWithN8n } from './clinic.cts';
import { prepare, useRows } from './lanes.cts';
import { JANE, JANE_BEFORE, patientRows, type PatientRow } from './patient-fault-table.cts';

/** The phone number that somebody adds by hand. */
const ADDED_MEANWHILE = { phone_type: 'Work', number: '07 4000 0000' };

interface Outcome {
	output: INodeExecutionData[];
	error?: { message: string; description?: string };
	/** Her records in the end, and what all others have become. */
	records: Patient[];
	others: Patient[];
	othersBefore: Patient[];
	requests: RecordedRequest[];
	unused: Fault[];
	written: string;
	apiKey: string;
	/** In seconds. */
	took: number;
}

const { outcomes, sum } = useRows(patientRows, 3, runRow);

afterAll(() => {
	process.stdout.write(
		`${outcomes.size} faults: ${sum(lost)} patients lost, ${sum(twice)} created twice, ${sum(wrong)} wrong ones changed, ${sum(erased)} values erased\n`,
	);
});

it.each(patientRows)('$what', (row) => {
	const outcome = outcomes.get(row)!;
	expect({ faultsThatStruckNothing: outcome.unused }).toEqual({ faultsThatStruckNothing: [] });
	expectEnd(row, outcome);
	expect([lost, twice, wrong, erased].map((count) => count(row, outcome))).toEqual([0, 0, 0, 0]);
	const asked = (method: string, path: RegExp) =>
		outcome.requests.filter((one) => one.method === method && path.test(one.path)).length;
	expect([asked('POST', /^\/v1\/patients$/), asked('PATCH', /^\/v1\/patients\/\d+$/)]).toEqual(
		row.asked,
	);
	expectNothingGivenAway(outcome);
	expect(outcome.took).toBeGreaterThanOrEqual(row.waits ?? 0);
});

async function runRow({ sandbox, engine, run }: ClinicWithN8n, row: PatientRow): Promise<Outcome> {
	const { clinic, faults, settings } = sandbox;
	const { lastName } = JANE;
	const credential = newCredential(sandbox);
	const isThere = row.does !== 'create' && row.does !== 'upsert';
	const before = isThere
		? clinic.addPatient({ ...JANE_BEFORE, details: { ...JANE_BEFORE.details } })
		: undefined;
	prepare(sandbox, row);
	if (row.meanwhile === 'merged') clinic.addPatient({ firstName: 'Joanna', lastName });
	const hers = () => [...clinic.patients.values()].filter((one) => one.lastName === lastName);
	let isAsked = false;
	settings.onRequest = ({ method, path }) => {
		const isCreation = method === 'POST' && path === '/v1/patients';
		if (isAsked || !(isCreation || method === 'PATCH')) return;
		isAsked = true;
		if (row.meanwhile) doMeanwhile(row.meanwhile, hers());
		for (const one of row.afterwards ?? []) faults.add(one);
		if (row.late === undefined) return;
		setTimeout(() => {
			const { city, notes, phone, firstName, dateOfBirth, email } = JANE;
			const phones = [{ phone_type: 'Mobile', number: phone }];
			const details = { city, notes, patient_phone_numbers: phones };
			const addedAt = Date.now();
			clinic.addPatient({ firstName, lastName, dateOfBirth, email, details, addedAt });
		}, row.late);
	};
	const others = () =>
		structuredClone([...clinic.patients.values()].filter((one) => one.lastName !== lastName));
	const othersBefore = others();
	const logged = engine.log().length;
	const began = Date.now();
	const {
		output,
		error,
		run: ran,
	} = await run({
		items: Array.from({ length: row.items ?? 1 }, () => ({ json: { ...JANE } })),
		parameters: { ...parametersOf(row, before?.id), ...row.parameters },
		node: row.node,
		credential,
	});
	return {
		output,
		error,
		records: hers(),
		others: others(),
		othersBefore,
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

/** What somebody does in Cliniko while the node is at work. */
function doMeanwhile(what: NonNullable<PatientRow['meanwhile']>, records: Patient[]): void {
	const [patient] = records.slice(-1) as [Patient];
	if (what === 'phone added') {
		const phones = patient.details.patient_phone_numbers as unknown[];
		patient.details.patient_phone_numbers = [...phones, ADDED_MEANWHILE];
		return;
	}
	patient.archivedAt = Date.now();
	if (what === 'merged') patient.mergedWith = records[0]!.id;
}

function parametersOf({ does }: PatientRow, id = SANDBOX_PATIENT_ID): IDataObject {
	// As expressions: n8n's errors contain the parameters.
	const given = Object.fromEntries(
		Object.keys(JANE).map((name) => [name, `={{ $json.${name} }}`]),
	) as typeof JANE;
	const { firstName, lastName, dateOfBirth, email, city, notes, phone } = given;
	const phones = { phoneNumber: [{ type: 'Mobile', number: phone }] };
	const more = { city, notes, patientPhoneNumbers: phones };
	switch (does) {
		case 'create': {
			const additionalFields = { dateOfBirth, email, ...more };
			return { resource: 'patient', operation: 'create', firstName, lastName, additionalFields };
		}
		case 'update':
			return {
				resource: 'patient',
				operation: 'update',
				patientId: by('id', id),
				updateFields: more,
			};
		default:
			return {
				resource: 'patient',
				operation: 'upsert',
				firstName,
				lastName,
				dateOfBirth,
				email,
				additionalFields: more,
			};
	}
}

function expectEnd(row: PatientRow, outcome: Outcome): void {
	const { records = 1, then, items = 1 } = row;
	expect(outcome.records).toHaveLength(records);
	if (then) {
		expect(outcome.error?.message).toMatch(then[0]);
		expect(outcome.error?.description).toMatch(then[1]);
		expect(outcome.output).toEqual([]);
		return;
	}
	expect(outcome.error).toBeUndefined();
	expect(outcome.output.map(({ json }) => json.id)).toEqual(
		Array.from({ length: items }, () => outcome.records[0]!.id),
	);
}

/** What was given and is neither on the record nor reported as missing. */
function lost(row: PatientRow, { records, error, output }: Outcome): number {
	if (error) return 0;
	if (row.meanwhile === 'merged') return output.every(({ json }) => json.warning) ? 0 : 1;
	const [record] = records;
	if (!record) return 1;
	const { city, notes, patient_phone_numbers: phones } = record.details;
	const keepsCity = row.does === 'upsert of one who is there';
	const isThere =
		(keepsCity ? city === JANE_BEFORE.details!.city : city === JANE.city) &&
		notes === JANE.notes &&
		(phones as Array<{ number: string }>).some(({ number }) => number === JANE.phone);
	return isThere ? 0 : 1;
}

function twice({ records: expected = 1 }: PatientRow, { records }: Outcome): number {
	return Math.max(records.length - expected, 0);
}

/** Other patients who were changed or added, and her own record where it should not be. */
function wrong({ does, then, isChanged }: PatientRow, outcome: Outcome): number {
	const { others, othersBefore, records } = outcome;
	const changed = others.filter(
		(one, at) => JSON.stringify(one) !== JSON.stringify(othersBefore[at]),
	).length;
	const isHers = does === 'update' || does === 'upsert of one who is there';
	const mustBeSame = isHers && then && !isChanged;
	const isSame = JSON.stringify(records[0]?.details) === JSON.stringify(JANE_BEFORE.details);
	return changed + (mustBeSame && !isSame ? 1 : 0);
}

/** Values that were on her record and are not any more, though nobody gave others. */
function erased({ does, meanwhile }: PatientRow, { records }: Outcome): number {
	if (does === 'create' || does === 'upsert') return 0;
	const [{ details, ...record }] = records as [Patient];
	const numbers = (details.patient_phone_numbers as Array<{ number: string }>).map(
		({ number }) => number,
	);
	return [
		record.email === JANE_BEFORE.email,
		record.dateOfBirth === JANE_BEFORE.dateOfBirth,
		record.oldReferenceId === JANE_BEFORE.oldReferenceId,
		details.occupation === JANE_BEFORE.details!.occupation,
		numbers.includes('03 9000 0000'),
		meanwhile !== 'phone added' || numbers.includes(ADDED_MEANWHILE.number),
	].filter((isKept) => !isKept).length;
}

/** The key went to Cliniko only, and neither a message nor the node's memory names anybody. */
function expectNothingGivenAway({ requests, written, apiKey }: Outcome): void {
	expect([...new Set(requests.map(({ host }) => host))]).toEqual(['api.au1.cliniko.com']);
	for (const secret of [
		apiKey.replace(/-au1$/, ''),
		Buffer.from(apiKey).toString('base64').slice(0, -4),
		/Featherstone/i,
		/Jane/i,
		JANE.phone,
		JANE.dateOfBirth,
		/O['’]Hara|Zo[eë]\b/,
	]) {
		expect(written).not.toMatch(secret);
	}
}

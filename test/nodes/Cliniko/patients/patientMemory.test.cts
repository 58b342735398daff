import type { IDataObject } from 'n8n-workflow';

import { PatientMemory } from '../../../../nodes/Cliniko/patients/patientMemory.ts';

const JANE = { person: 'digest of Jane', values: 'digest of all', itemIndex: 0 };

let context: IDataObject;

beforeEach(() => (context = {}));

/** The memory of a run or of another attempt, with the context as it comes back from n8n's database. */
const memoryOf = (run = 0) => {
	context = JSON.parse(JSON.stringify(context)) as IDataObject;
	return new PatientMemory(context, run);
};

const other = (itemIndex: number) => ({ ...JANE, itemIndex });

describe('Of a creation it is remembered', () => {
	it('nothing before it is requested, or after it was refused', () => {
		const memory = memoryOf();
		expect(memory.recall(JANE)).toBeUndefined();
		memory.requested(JANE, 5);
		memory.refused(JANE);
		expect(memoryOf().recall(JANE)).toBeUndefined();
	});

	it('when it was requested', () => {
		memoryOf().requested(JANE, 5);
		expect(memoryOf().recall(JANE)).toEqual({ since: 5 });
	});

	it('that Cliniko accepted it', () => {
		const memory = memoryOf();
		memory.requested(JANE, 5);
		memory.accepted(JANE);
		expect(memoryOf().recall(JANE)).toEqual({ since: 5, accepted: true });
	});

	it('which patient it led to', () => {
		const memory = memoryOf();
		memory.requested(JANE, 5);
		memory.created(JANE, '77');
		expect(memoryOf().recall(JANE)).toEqual({ patient: '77' });
		expect(memoryOf().patients()).toEqual(['77']);
	});
});

describe('What an attempt has left is resumed', () => {
	beforeEach(() => {
		const memory = memoryOf();
		memory.requested(JANE, 5);
		memory.created(JANE, '77');
	});

	it('by the same item of the same run, though it was passed on', () => {
		memoryOf().handedOn(JANE);
		expect(memoryOf().recall(JANE)).toEqual({ patient: '77' });
	});

	it('by no other item of that run, and by nobody else', () => {
		expect(memoryOf().recall(other(1))).toBeUndefined();
		expect(memoryOf(1).recall({ ...JANE, person: 'digest of Joe' })).toBeUndefined();
	});

	it('by any item of a later run with the same values, once, if it was not passed on', () => {
		const memory = memoryOf(1);
		expect(memory.recall(other(3))).toEqual({ patient: '77' });
		memory.handedOn(other(3));
		expect(memory.recall(other(4))).toBeUndefined();
	});

	it('by no item of a later run with other values, who may be somebody else', () => {
		expect(memoryOf(1).recall({ ...JANE, values: 'other digest' })).toBeUndefined();
	});

	it('by no later run if it was passed on', () => {
		memoryOf().handedOn(JANE);
		expect(memoryOf(1).recall(JANE)).toBeUndefined();
	});
});

it('The context holds ids, times, indexes and digests only', () => {
	const memory = memoryOf();
	memory.requested(JANE, 5);
	memory.created(JANE, '77');
	memory.handedOn(JANE);
	const { person: subject, values } = JANE;
	expect(context).toEqual({
		created: [{ subject, values, run: 0, item: 0, since: 5, id: '77', handedOn: true }],
	});
});

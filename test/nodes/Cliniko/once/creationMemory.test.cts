import type { IDataObject } from 'n8n-workflow';

import { CreationMemory, digestOf } from '../../../../nodes/Cliniko/once/creationMemory.ts';

const creation = (itemIndex = 0, values = 'values', subject = 'subject') => ({
	subject,
	values,
	itemIndex,
});

/** The memory of the next try or run; n8n keeps the context as JSON. */
const next = (context: IDataObject, run = 0) => {
	const kept = JSON.parse(JSON.stringify(context)) as IDataObject;
	return { context: kept, memory: new CreationMemory(kept, run) };
};

const stored = (handedOn = false) => {
	const context: IDataObject = {};
	const memory = new CreationMemory(context, 0);
	memory.requested(creation(), 1000);
	memory.stored(creation(), '7');
	if (handedOn) memory.handedOn(creation());
	return { context, memory };
};

describe('The memory of what was created', () => {
	it('knows nothing at first', () => {
		expect(new CreationMemory({}, 0).recall(creation())).toBeUndefined();
	});

	it('knows since when a record may exist, and whether Cliniko accepted it', () => {
		const { memory } = next({});
		memory.requested(creation(), 1000);
		expect(memory.recall(creation())).toEqual({ since: 1000 });
		memory.accepted(creation());
		expect(memory.recall(creation())).toEqual({ since: 1000, accepted: true });
	});

	it('forgets what was refused', () => {
		const { memory } = next({});
		memory.requested(creation(), 1000);
		memory.refused(creation());
		expect(memory.recall(creation())).toBeUndefined();
	});

	it('knows in another try what was stored, whatever has been edited since', () => {
		const { memory } = next(stored(true).context);
		expect(memory.recall(creation(0, 'edited'))).toEqual({ id: '7' });
		expect(memory.created()).toEqual(['7']);
	});

	it('takes another item, or another subject, for another creation', () => {
		const { memory } = next(stored().context);
		expect(memory.recall(creation(1))).toBeUndefined();
		expect(memory.recall(creation(0, 'values', 'another'))).toBeUndefined();
	});

	it('lets a later run of a loop resume what was not passed on, with the same values only', () => {
		const { memory } = next(stored().context, 1);
		expect(memory.recall(creation(3, 'edited'))).toBeUndefined();
		expect(memory.recall(creation(3))).toEqual({ id: '7' });
	});

	it('does not let a later run of a loop resume what was passed on', () => {
		expect(next(stored(true).context, 1).memory.recall(creation())).toBeUndefined();
	});

	it('does not take one creation for two items of a later run', () => {
		const { context } = stored();
		const { memory } = next(context, 1);
		memory.requested(creation(0), 2000);
		memory.stored(creation(0), '7');
		memory.handedOn(creation(0));
		expect(memory.recall(creation(1))).toBeUndefined();
	});

	it('stores nothing but ids, times, indexes and what it was given', () => {
		expect(stored(true).context).toEqual({
			created: [
				{
					subject: 'subject',
					values: 'values',
					run: 0,
					item: 0,
					since: 1000,
					id: '7',
					handedOn: true,
				},
			],
		});
	});
});

describe('The digest of some values', () => {
	it('tells them apart and does not contain them', () => {
		expect(digestOf('a', 'bc')).not.toBe(digestOf('ab', 'c'));
		expect(digestOf('a')).toMatch(/^[\da-f]{32}$/);
	});
});

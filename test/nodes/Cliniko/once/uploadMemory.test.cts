import type { IDataObject } from 'n8n-workflow';

import {
	tokenOf,
	UploadMemory,
	type Position,
} from '../../../../nodes/Cliniko/once/uploadMemory.ts';

const SINCE = Date.parse('2026-03-02T09:00:00Z');

const PATIENT = '9007199254740993';

const place = (more: Partial<Position> = {}): Position => ({
	patientId: PATIENT,
	source: 'filesystem-v2:1',
	itemIndex: 0,
	position: 0,
	...more,
});

describe('The memory of an execution', () => {
	const memoryOf = (context: IDataObject = {}, run = 0) => new UploadMemory(context, run);

	/** As it comes back from n8n's database. */
	const stored = (context: IDataObject) => JSON.parse(JSON.stringify(context)) as IDataObject;

	it('knows nothing of a file that was never requested', () => {
		const memory = memoryOf();

		expect(memory.recall(memory.identify([place()])[0]!)).toBeUndefined();
		expect(memory.attachments()).toEqual([]);
	});

	it('knows since when a file may be stored, and then as which attachment', () => {
		const memory = memoryOf();

		memory.requested('a', SINCE);
		expect(memory.recall('a')).toEqual({ since: SINCE });
		memory.stored('a', '77');
		expect(memory.recall('a')).toEqual({ attachment: '77' });
		expect(memory.recall('b')).toBeUndefined();
	});

	it('knows that Cliniko accepted a record, until it knows which one it is', () => {
		const memory = memoryOf();

		memory.requested('a', SINCE);
		memory.accepted('a');
		expect(memory.recall('a')).toEqual({ since: SINCE, accepted: true });
		memory.stored('a', '77');
		expect(memory.recall('a')).toEqual({ attachment: '77' });

		memory.accepted('never asked for');
		expect(memory.recall('never asked for')).toBeUndefined();
	});

	it('forgets a file that was refused, and no other', () => {
		const memory = memoryOf();
		memory.requested('a', SINCE);
		memory.requested('b', SINCE);
		memory.stored('c', '77');

		memory.refused('a');
		memory.refused('never asked for');

		expect(memory.recall('a')).toBeUndefined();
		expect(memory.recall('b')).toEqual({ since: SINCE });
		expect(memory.recall('c')).toEqual({ attachment: '77' });
	});

	it('lists the attachments of all files of all runs', () => {
		const context: IDataObject = {};
		const memory = memoryOf(context);
		memory.stored('a', '77');
		memory.requested('b', SINCE);
		memory.stored('c', '78');

		expect(memory.attachments()).toEqual(['77', '78']);
		expect(memoryOf(context, 1).attachments()).toEqual(['77', '78']);
	});

	it('is kept for the next attempt, through n8n’s database', () => {
		const context: IDataObject = { ofAnotherVersion: true };
		const before = memoryOf(context);
		const [a, b] = before.identify([place(), place({ itemIndex: 1 })]);
		before.stored(a!, '77');
		before.requested(b!, SINCE);
		before.accepted(b!);

		const now = memoryOf(stored(context));
		const again = now.identify([place(), place({ itemIndex: 1 })]);

		expect(again).toEqual([a, b]);
		expect(again.map((one) => now.recall(one))).toEqual([
			{ attachment: '77' },
			{ since: SINCE, accepted: true },
		]);
		expect(context.ofAnotherVersion).toBe(true);
	});

	it('has nothing but ids, times, indexes and digests', () => {
		const context: IDataObject = {};
		const memory = memoryOf(context, 3);
		const [a, b] = memory.identify([
			place({ source: 'Jane Doe.pdf' }),
			place({ source: 'Jane Doe.pdf', itemIndex: 1, position: 2 }),
		]);
		memory.requested(a!, SINCE);
		memory.requested(b!, SINCE);
		memory.stored(a!, '77');
		memory.handedOn(a!);

		const file = expect.stringMatching(/^[0-9a-f]{32}$/) as string;
		expect(context).toEqual({
			uploads: {
				[a!]: { file, run: 3, item: 0, position: 0, attachment: '77', handedOn: true },
				[b!]: { file, run: 3, item: 1, position: 2, since: SINCE },
			},
		});
		for (const identity of [a, b]) expect(identity).toMatch(/^[0-9a-f]{16}$/);
		for (const part of [PATIENT, 'Jane']) expect(JSON.stringify(context)).not.toContain(part);
	});

	describe('finds the upload of an earlier attempt', () => {
		/** Uploads and stores one file, and passes it on if asked to. */
		const earlier = ({ handedOn = false, run = 0, at = place() } = {}) => {
			const context: IDataObject = {};
			const memory = memoryOf(context, run);
			const [identity] = memory.identify([at]);
			memory.requested(identity!, SINCE);
			memory.stored(identity!, '77');
			if (handedOn) memory.handedOn(identity!);
			return context;
		};
		const recalled = (context: IDataObject, run: number, ...places: Position[]) => {
			const memory = memoryOf(stored(context), run);
			return memory.identify(places).map((one) => memory.recall(one));
		};
		const KNOWN = { attachment: '77' };

		it('in the next attempt of the same run, though it was passed on', () => {
			expect(recalled(earlier(), 0, place())).toEqual([KNOWN]);
			expect(recalled(earlier({ handedOn: true }), 0, place())).toEqual([KNOWN]);
		});

		it('in a later run of a loop, when it never was passed on', () => {
			expect(recalled(earlier(), 1, place())).toEqual([KNOWN]);
		});

		it('not in a later run of a loop that comes back with what was passed on', () => {
			expect(recalled(earlier({ handedOn: true }), 1, place())).toEqual([undefined]);
		});

		it('by what the earlier runs passed on, not by what this one has passed on again', () => {
			// It fails in run 0 and is passed on in run 1; in run 2 the loop brings the file again.
			const context = earlier();
			const second = memoryOf(context, 1);
			const [identity] = second.identify([place()]);
			second.handedOn(identity!);

			expect(recalled(context, 1, place())).toEqual([KNOWN]);
			expect(recalled(context, 2, place())).toEqual([undefined]);
		});

		it.each([
			['in another place of a loop with fewer items', place({ itemIndex: 4 })],
			['in another position in its item', place({ position: 2 })],
		])('%s', (_, at) => {
			expect(recalled(earlier({ at }), 1, place())).toEqual([KNOWN]);
			expect(recalled(earlier({ at }), 0, place())).toEqual([KNOWN]);
			expect(recalled(earlier({ at, handedOn: true }), 0, place())).toEqual([KNOWN]);
		});

		it.each([
			['patient', place({ patientId: '9007199254740992' })],
			['file', place({ source: 'filesystem-v2:2' })],
		])('not for another %s', (_, other) => {
			expect(recalled(earlier(), 0, other)).toEqual([undefined]);
			expect(recalled(earlier(), 1, other)).toEqual([undefined]);
		});

		it('for one upload only, when the same file is there twice', () => {
			const twice = [place(), place({ itemIndex: 1 })];
			expect(recalled(earlier(), 0, ...twice)).toEqual([KNOWN, undefined]);
			expect(recalled(earlier({ at: twice[1]! }), 0, ...twice)).toEqual([undefined, KNOWN]);
			expect(recalled(earlier({ at: place({ itemIndex: 7 }) }), 1, ...twice)).toEqual([
				KNOWN,
				undefined,
			]);
		});

		it('in its own place first, when the order of the items is another one', () => {
			const places = ['a', 'b', 'a'].map((source, itemIndex) => place({ source, itemIndex }));
			const context: IDataObject = {};
			const memory = memoryOf(context);
			for (const [at, identity] of memory.identify(places).entries()) {
				memory.stored(identity, String(70 + at));
			}

			expect(recalled(context, 0, ...[...places].reverse())).toEqual([
				{ attachment: '72' },
				{ attachment: '71' },
				{ attachment: '70' },
			]);
			const moved = places.map((one) => ({ ...one, itemIndex: one.itemIndex + 1 }));
			const ids = recalled(context, 0, ...moved).map((one) => one && Object.values(one)[0]);
			expect(ids.sort()).toEqual(['70', '71', '72']);
		});
	});

	it('gives no upload the identity of one that has moved to another place', () => {
		const context: IDataObject = {};
		const tries = [[0], [1], [0, 1]].map((items) => {
			const memory = memoryOf(context);
			const identities = memory.identify(items.map((itemIndex) => place({ itemIndex })));
			for (const one of identities) memory.requested(one, SINCE);
			return identities;
		});

		expect(tries[1]).toEqual(tries[0]);
		expect(tries[2]![1]).toBe(tries[0]![0]);
		expect(tries[2]![0]).not.toBe(tries[0]![0]);
	});

	describe('of a file that failed and that a loop has saved again', () => {
		const content = { name: 'Consent.pdf', sha256: 'a'.repeat(64) };
		const recalled = (again: Partial<Position>) => {
			const context: IDataObject = {};
			const memory = memoryOf(context);
			const [identity] = memory.identify([place()]);
			memory.stored(identity!, '77');
			memory.failed(identity!, PATIENT, content);
			const later = memoryOf(stored(context), 1);
			return later.recall(later.identify([place({ source: 'filesystem-v2:9', ...again })])[0]!);
		};

		it('knows the file by its content', () => {
			expect(recalled({ content })).toEqual({ attachment: '77' });
		});

		it.each<[string, Partial<Position>]>([
			['another name', { content: { ...content, name: 'Consent 2026.pdf' } }],
			['other bytes', { content: { ...content, sha256: 'b'.repeat(64) } }],
			['another patient', { content, patientId: '2' }],
		])('takes a file with %s for another', (_, again) => {
			expect(recalled(again)).toBeUndefined();
		});
	});

	it('gives no two uploads one identity, whatever tokens come in', () => {
		const identity = memoryOf().identify([place()])[0]!;
		const token = tokenOf(PATIENT, 'filesystem-v2:1', identity);
		const twice = memoryOf().identify([place(), place({ itemIndex: 1, token })]);

		expect(new Set(twice).size).toBe(2);
	});
});

import type { IDataObject } from 'n8n-workflow';
import { UploadMemory } from '../../../../nodes/Cliniko/upload/uploadMemory.ts';

const SINCE = Date.parse('2026-03-02T09:00:00Z');

/** The parts of an identity: item, position in it, patient, description, name, size, source. */
const PARTS = [0, 1, '9007199254740993', 'Referral', 'Jane Doe.pdf', 1000, 'filesystem-v2:1'];

describe('The memory of an execution', () => {
	const memoryOf = (context: IDataObject = {}, run = 0) => new UploadMemory(context, run);

	it('knows nothing of a file that was never asked for', () => {
		const memory = memoryOf();

		expect(memory.recall(memory.identityOf(...PARTS))).toBeUndefined();
		expect(memory.attachments()).toEqual([]);
	});

	it('knows since when a file may be stored, and then what it became', () => {
		const memory = memoryOf();

		memory.asked('a', SINCE);
		expect(memory.recall('a')).toEqual({ since: SINCE });
		memory.stored('a', '77');
		expect(memory.recall('a')).toEqual({ attachment: '77' });
		expect(memory.recall('b')).toBeUndefined();
	});

	it('forgets a file that was refused, and no other', () => {
		const memory = memoryOf();
		memory.asked('a', SINCE);
		memory.asked('b', SINCE);
		memory.stored('c', '77');

		memory.refused('a');
		memory.refused('never asked for');

		expect(memory.recall('a')).toBeUndefined();
		expect(memory.recall('b')).toEqual({ since: SINCE });
		expect(memory.recall('c')).toEqual({ attachment: '77' });
	});

	it('lists the attachments of all files, of which none is open', () => {
		const memory = memoryOf();
		memory.stored('a', '77');
		memory.asked('b', SINCE);
		memory.stored('c', '78');

		expect(memory.attachments()).toEqual(['77', '78']);
	});

	it('is there in the next try, and after it went through n8n’s database', () => {
		const context: IDataObject = { ofAnotherVersion: true };
		const before = memoryOf(context);
		before.stored(before.identityOf(...PARTS), '77');
		before.asked('b', SINCE);

		const now = memoryOf(JSON.parse(JSON.stringify(context)) as IDataObject);

		expect(now.recall(now.identityOf(...PARTS))).toEqual({ attachment: '77' });
		expect(now.recall('b')).toEqual({ since: SINCE });
		expect(context.ofAnotherVersion).toBe(true);
	});

	it('is that of all runs of the node: their attachments are known, though not their files', () => {
		const context: IDataObject = {};
		const first = memoryOf(context, 0);
		first.stored(first.identityOf(...PARTS), '77');

		const second = memoryOf(context, 1);

		expect(second.recall(second.identityOf(...PARTS))).toBeUndefined();
		expect(second.attachments()).toEqual(['77']);
	});

	it('has nothing but ids, times and digests', () => {
		const context: IDataObject = {};
		const memory = memoryOf(context, 3);
		const [a, b] = [memory.identityOf(...PARTS), memory.identityOf(...PARTS, 'b')];

		memory.asked(a, SINCE);
		memory.asked(b, SINCE);
		memory.stored(a, '77');

		expect(context).toEqual({ uploads: { [a]: { attachment: '77' }, [b]: { since: SINCE } } });
		for (const identity of [a, b]) expect(identity).toMatch(/^[0-9a-f]{64}$/);
		const text = JSON.stringify(context);
		for (const part of PARTS.filter((one) => String(one).length > 3)) {
			if (part !== 1000) expect(text).not.toContain(String(part));
		}
	});

	describe('knows a file', () => {
		it('again by the same parts', () => {
			expect(memoryOf().identityOf(...PARTS)).toBe(memoryOf().identityOf(...PARTS));
		});

		it.each([
			['item', 0, 1],
			['position', 1, 2],
			['patient', 2, '9007199254740992'],
			['description', 3, 'Referral '],
			['name', 4, 'jane doe.pdf'],
			['size', 5, 1001],
			['source', 6, 'filesystem-v2:2'],
		])('from one of another %s', (_, at, other) => {
			const identity = memoryOf().identityOf(...PARTS);

			expect(
				memoryOf().identityOf(...PARTS.map((part, index) => (index === at ? other : part))),
			).not.toBe(identity);
		});

		it('from the same one in another run of a loop', () => {
			expect(memoryOf({}, 1).identityOf(...PARTS)).not.toBe(memoryOf({}, 0).identityOf(...PARTS));
		});

		it('from one whose parts only look the same one after the other', () => {
			const memory = memoryOf();
			const identities = [
				memory.identityOf('1', '23'),
				memory.identityOf('12', '3'),
				memory.identityOf('123'),
				memory.identityOf(123),
				memory.identityOf('1,23'),
				memory.identityOf('1","23'),
				memoryOf({}, 1).identityOf('23'),
			];

			expect(new Set(identities).size).toBe(identities.length);
		});
	});
});

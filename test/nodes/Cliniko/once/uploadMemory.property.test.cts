import fc from 'fast-check';
import type { IDataObject } from 'n8n-workflow';

import { UploadMemory } from '../../../../nodes/Cliniko/once/uploadMemory.ts';

const SINCE = Date.parse('2026-03-02T09:00:00Z');

describe('The memory of an execution', () => {
	it('gives every upload an identity of its own, in any order of attempts and runs', () => {
		/** A file in an item of one attempt, and how its upload ends. */
		const brought = fc.record({
			source: fc.constantFrom('a', 'a', 'a', 'b'),
			patientId: fc.constantFrom('1', '1', '1', '2'),
			itemIndex: fc.nat(2),
			position: fc.constantFrom(0, 0, 1),
			end: fc.constantFrom('handed on', 'stored', 'open', 'refused'),
		});
		const aTry = fc.record({
			isNextRun: fc.boolean(),
			files: fc.uniqueArray(brought, {
				maxLength: 4,
				selector: ({ itemIndex, position }) => `${itemIndex} ${position}`,
			}),
		});
		fc.assert(
			fc.property(fc.array(aTry, { minLength: 2, maxLength: 5 }), (tries) => {
				let context: IDataObject = {};
				let run = 0;
				let lastId = 100;
				/** The file of each attachment, and the run that passed it on. */
				const made = new Map<string, { file: string; handedOn?: number }>();
				for (const { isNextRun, files } of tries) {
					if (isNextRun) run++;
					// n8n discards what an earlier attempt of the same run passed on.
					for (const one of made.values()) if (one.handedOn === run) delete one.handedOn;
					// As it comes back from n8n's database.
					context = JSON.parse(JSON.stringify(context)) as IDataObject;
					const memory = new UploadMemory(context, run);
					const identities = memory.identify(files);
					expect(new Set(identities).size).toBe(identities.length);
					for (const [at, identity] of identities.entries()) {
						const { source, patientId, end } = files[at]!;
						const file = `${source} of ${patientId}`;
						const before = memory.recall(identity);
						if (before && 'attachment' in before) {
							const known = made.get(before.attachment)!;
							expect(known.file).toBe(file);
							expect(known.handedOn ?? run).toBe(run);
						} else if (end === 'refused') {
							memory.requested(identity, SINCE);
							memory.refused(identity);
						} else {
							memory.requested(identity, SINCE);
							if (end === 'open') continue;
							made.set(String(++lastId), { file });
							memory.stored(identity, String(lastId));
						}
						const known = memory.recall(identity);
						if (end === 'handed on' && known && 'attachment' in known) {
							memory.handedOn(identity);
							made.get(known.attachment)!.handedOn = run;
						}
					}
					// The next upload of the same file resumes one that was stored but never passed on.
					expect(memory.attachments().sort()).toEqual([...made.keys()].sort());
				}
			}),
			{ numRuns: 1000 },
		);
	});
});

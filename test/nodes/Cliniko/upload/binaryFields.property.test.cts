import fc from 'fast-check';
import type { INodeExecutionData } from 'n8n-workflow';

import { pickFiles } from '../../../../nodes/Cliniko/upload/binaryFields.ts';

/** Few letters, so that they collide. */
const letters = (maxLength: number) =>
	fc.oneof(
		fc.string({ unit: fc.constantFrom('a', 'b'), maxLength }),
		fc.string({
			unit: fc.constantFrom('a', 'b', 'c', '_', '.', '0', '1', '(', '+', '\n', 'ü'),
			maxLength,
		}),
	);

/** A field name; never only white space, which a list of names ignores. */
const fieldName = letters(8).filter((name) => name.trim() === name && name !== '');

const pattern = fc
	.oneof(
		fc.string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 8 }),
		fc.string({
			unit: fc.constantFrom('a', 'b', 'c', '_', '.', '1', '(', '+', '*', '**'),
			minLength: 1,
			maxLength: 8,
		}),
	)
	.filter((one) => one.trim() === one);

const item = fc.uniqueArray(fieldName, { maxLength: 8 }).map(
	(names): INodeExecutionData => ({
		json: {},
		binary: Object.fromEntries(
			names.map((name) => [
				name,
				{ data: 'JVBERg==', mimeType: 'application/pdf', fileName: name },
			]),
		),
	}),
);

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The same with regular expressions, for short names. */
function expectedOf(one: string, fields: string[]): string[] {
	// A literal field name takes precedence over a pattern.
	if (fields.includes(one)) return [one];
	const whole = new RegExp(`^${one.split('*').map(escaped).join('[^]*')}$`);
	if (one.includes('*')) return fields.filter((name) => whole.test(name));
	const asForm = /[ü]/.test(one) ? one : one.replace(/[^A-Za-z0-9_]/g, '_');
	if (fields.includes(asForm)) return [asForm];
	const starts = [`${asForm}_`, ...(/[0-9]$/.test(one) ? [] : [one])];
	const numbered = starts.map((start) => {
		const names = Array.from({ length: 10 }, (_, number) => `${start}${number}`);
		const end = names.findIndex((name) => !fields.includes(name));
		return names.slice(0, end);
	});
	return numbered.find((names) => names.length > 0) ?? [];
}

describe('Input Binary Field, whatever it asks for', () => {
	it('takes the fields that a name or a pattern fits, and in their order', () => {
		fc.assert(
			fc.property(pattern, item, (one, given) => {
				const fields = Object.keys(given.binary!);
				expect(pickFiles(one, { item: given }, 'skip').map(({ name }) => name)).toEqual(
					expectedOf(one, fields),
				);
			}),
			{ numRuns: 2000 },
		);
	});

	it('takes each file once, in the order of what is requested', () => {
		fc.assert(
			fc.property(fc.array(pattern, { minLength: 1, maxLength: 4 }), item, (wanted, given) => {
				const fields = Object.keys(given.binary!);
				const expected = new Set(wanted.flatMap((one) => expectedOf(one, fields)));

				for (const form of [wanted, wanted.join(','), wanted.join(' , ')]) {
					if (typeof form === 'string' && fields.includes(form)) continue;
					const picked = pickFiles(form, { item: given }, 'skip').map(({ name }) => name);
					expect(new Set(picked).size).toBe(picked.length);
					expect(picked).toEqual([...expected]);
				}
			}),
			{ numRuns: 1000 },
		);
	});

	it('gives files of the item, or a reason, and nothing else', () => {
		const wanted = fc.oneof(
			fc.string(),
			pattern,
			fc.anything(),
			fc.array(fc.oneof(pattern, fc.anything()), { maxLength: 4 }),
		);
		fc.assert(
			fc.property(
				wanted,
				item,
				fc.constantFrom('error' as const, 'skip' as const),
				(one, given, how) => {
					const files = Object.values(given.binary!);
					let picked;
					try {
						picked = pickFiles(one, { item: given }, how);
					} catch (error) {
						expect((error as Error).constructor.name).toBe('ClinikoError');
						return;
					}
					for (const { name, data } of picked) {
						expect(files).toContain(data);
						expect(given.binary![name]).toBe(data);
					}
					if (how === 'error') expect(picked.length).toBeGreaterThan(0);
				},
			),
			{ numRuns: 1000 },
		);
	});
});

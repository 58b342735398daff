import type { IDataObject } from 'n8n-workflow';

import { CaseLinks, caseToLink, ONLY_OPEN } from '../../../../nodes/Cliniko/cases/caseLink.ts';
import type { ClinikoApi } from '../../../../nodes/Cliniko/transport/cliniko/clinikoApi.ts';
import { Priority } from '../../../../nodes/Cliniko/transport/cliniko/requestQueue.ts';
import { FakeCliniko, rejection, reply, type Answer, type Sent } from '../connection.cts';

const CASE = '9007199254740993';

/** How the cases of a patient look to the API. */
const caseOf = (id: string, patientId: string, more: IDataObject = {}) => ({
	id,
	name: 'Left knee',
	closed: false,
	archived_at: null,
	patient: { links: { self: `https://api.au1.cliniko.com/v1/patients/${patientId}` } },
	...more,
});

/** A case with attachments, as Cliniko may keep and show them. */
class LinkedCase {
	/** Each state of the list, and since when. */
	private states: Array<{ at: number; ids: string[] }>;

	/** The next replies to a change, which is then not carried out unless they say so. */
	readonly replies: Array<(ids: string[]) => Answer | undefined> = [];

	/** The bodies of all changes. */
	readonly patches: string[][] = [];

	readonly cliniko: FakeCliniko;

	constructor(
		ids: string[] = [],
		private readonly lag = 0,
		private readonly kind: 'replaced' | 'appended' = 'replaced',
		private readonly idsAs: (id: string) => unknown = (id) => id,
	) {
		this.states = [{ at: -Infinity, ids }];
		this.cliniko = new FakeCliniko(async (sent) => {
			// All replies take a moment.
			await this.cliniko.clock.pause(100);
			return this.answer(sent);
		});
	}

	get ids(): string[] {
		return this.states.at(-1)!.ids;
	}

	set ids(ids: string[]) {
		this.states.push({ at: this.cliniko.clock.time, ids });
	}

	async add(id: string): Promise<void> {
		const { api, clock } = this.cliniko;
		await CaseLinks.of(api).add(api, clock.pause, CASE, id);
	}

	private answer({ method, path, filters, body }: Sent): Answer {
		if (method === 'PATCH') {
			expect(path).toBe(`/patient_cases/${CASE}`);
			const sent = (body as { patient_attachment_ids: string[] }).patient_attachment_ids;
			this.patches.push(sent);
			const given = this.replies.shift()?.(sent);
			if (given) return given;
			this.ids = this.kind === 'replaced' ? sent : [...this.ids, ...sent];
			return caseOf(CASE, '1');
		}
		expect(path).toBe(`/patient_cases/${CASE}/patient_attachments`);
		expect(filters).toEqual(['archived_at:*']);
		const shown = this.states.filter(({ at }) => at <= this.cliniko.clock.time - this.lag).at(-1)!;
		const rows = shown.ids.map((id) => ({ id: this.idsAs(id) }));
		return reply(
			200,
			JSON.stringify({ patient_attachments: rows, total_entries: rows.length }).replace(
				/"#(\d+)"/g,
				'$1',
			),
		);
	}
}

describe('Linking an attachment to a case', () => {
	it.each(['replaced', 'appended'] as const)(
		'sends those that are linked, too, since the list may be %s',
		async (kind) => {
			const one = new LinkedCase(['1', '2'], 0, kind);
			await one.add('3');

			expect(one.patches).toEqual([['1', '2', '3']]);
			expect(new Set(one.ids)).toEqual(new Set(['1', '2', '3']));
		},
	);

	it('sends nothing if it is linked already', async () => {
		const one = new LinkedCase(['1', '2']);
		await one.add('2');

		expect(one.cliniko.lines).toEqual([`GET /patient_cases/${CASE}/patient_attachments`]);
	});

	it('sends ids as text, whether they come as text or as numbers with all their digits', async () => {
		const one = new LinkedCase(['9007199254740995'], 0, 'replaced', (id) => `#${id}`);
		await one.add('3');

		expect(one.patches).toEqual([['9007199254740995', '3']]);
	});

	it('waits until a list that lags shows it', async () => {
		const one = new LinkedCase(['1'], 5000);
		await one.add('2');

		expect(one.patches).toEqual([['1', '2']]);
	});

	it('keeps what this process has linked before, though a list that lags does not show it yet', async () => {
		const one = new LinkedCase(['1'], 1000);
		await Promise.all(['2', '3', '4'].map(async (id) => await one.add(id)));

		expect(one.patches.map((ids) => ids.length)).toEqual([2, 3, 4]);

		expect(new Set(one.ids)).toEqual(new Set(['1', '2', '3', '4']));
	});

	it('does not bring back what somebody has taken out, once lists surely show it', async () => {
		const one = new LinkedCase(['1']);
		await one.add('2');
		one.ids = ['1'];
		one.cliniko.clock.time += 3 * 60_000;
		await one.add('3');

		expect(one.ids).toEqual(['1', '3']);
	});

	it.each([
		['after a 429', () => reply(429, {}, { 'x-ratelimit-reset': '1772442060' })],
		['after a 503', () => reply(503)],
		['after no reply', () => new Error('ECONNRESET')],
	])('reads the list again before it is sent again, %s', async (_, answer) => {
		const one = new LinkedCase(['1', '2']);
		one.replies.push(() => {
			one.ids = ['2', '9'];
			return answer();
		});
		await one.add('3');

		expect(one.patches).toEqual([
			['1', '2', '3'],
			['2', '9', '3'],
		]);
		expect(one.ids).toEqual(['2', '9', '3']);
	});

	it('sends it once if it was linked though there was no reply', async () => {
		const one = new LinkedCase(['1']);
		one.replies.push((ids) => {
			one.ids = ids;
			return new Error('ECONNRESET');
		});
		await one.add('2');

		expect(one.patches).toHaveLength(1);
	});

	it('restores a link that was lost meanwhile', async () => {
		const one = new LinkedCase(['1', '2']);
		one.replies.push(() => {
			one.ids = ['2', '3'];
			return caseOf(CASE, '1');
		});
		await one.add('3');

		expect(one.ids).toEqual(['2', '3', '1']);
	});

	it('sends it again if another process has overwritten it', async () => {
		const one = new LinkedCase(['1']);
		one.replies.push(() => {
			one.ids = ['1', '7'];
			return caseOf(CASE, '1');
		});
		await one.add('3');

		expect(one.ids).toEqual(['1', '7', '3']);
	});

	it('restores what somebody else has linked just before, once a list that lags has shown it', async () => {
		const one = new LinkedCase(['1'], 3000);
		one.ids = ['1', '9'];
		await one.cliniko.clock.pause(2000);
		await one.add('3');

		expect(one.patches[0]).toEqual(['1', '3']);
		expect(new Set(one.ids)).toEqual(new Set(['1', '3', '9']));
	});

	it('leaves out what was linked lately and has been deleted since', async () => {
		const one = new LinkedCase(['1']);
		await one.add('2');
		one.ids = ['1'];
		one.replies.push((ids) =>
			ids.includes('2') ? reply(422, { message: 'Not there' }) : undefined,
		);
		await one.add('3');

		expect(one.ids).toEqual(['1', '3']);
	});

	it.each([
		[3000, Infinity],
		[10_000, Infinity],
		[3000, 2],
		[100, 1],
	])(
		'comes to an end for many cases if replies take %d ms, and Cliniko takes %d requests at a time',
		async (takes, most) => {
			let inFlight = 0;
			const readAt = new Map<string, number>();
			let oldest = 0;
			const cliniko: FakeCliniko = new FakeCliniko(async ({ method, path }) => {
				const { clock } = cliniko;
				if (method === 'PATCH') oldest = Math.max(oldest, clock.time - readAt.get(path)!);
				inFlight++;
				const isTooMany = inFlight > most;
				await clock.pause(isTooMany ? 100 : takes);
				inFlight--;
				if (isTooMany) return reply(429, {}, { 'x-ratelimit-reset': '1' });
				return method === 'PATCH' ? { id: '1' } : { patient_attachments: [], total_entries: 0 };
			});
			let reads = 0;
			const changes = Array.from({ length: 40 }, async (_, at) => {
				const path = `/patient_cases/${at + 1}`;
				const prepare = async (api: ClinikoApi) => {
					reads++;
					await api.get(`${path}/patient_attachments`, { action: 'look' });
					readAt.set(path, cliniko.clock.time);
					return { patient_attachment_ids: ['3'] };
				};
				// As for a file that is stored.
				const urgent = cliniko.api.withPriority(Priority.finish);
				await urgent.change(path, prepare, { action: 'link' });
			});
			await Promise.all(changes);

			expect(reads).toBeLessThanOrEqual(3 * 40);
			expect(oldest).toBeLessThanOrEqual(Math.max(2000, 3 * takes));
		},
	);

	it('says so if Cliniko ignores it', async () => {
		const one = new LinkedCase(['1']);
		const ignore = () => caseOf(CASE, '1');
		one.replies.push(ignore, ignore, ignore);
		const error = await rejection(one.add('3'));

		expect(error.message).toBe(`Cliniko does not show attachment 3 in case ${CASE}.`);
		expect(one.patches).toHaveLength(2);
	});

	it('says so if another link stays lost', async () => {
		const one = new LinkedCase(['1', '2']);
		const lose = () => {
			one.ids = ['2', '3'];
			return caseOf(CASE, '1');
		};
		one.replies.push(lose, lose);
		const error = await rejection(one.add('3'));

		expect(error.message).toBe(`Cliniko no longer shows attachment 1 in case ${CASE}.`);
	});

	it('leaves an attachment that Cliniko refuses out of what follows', async () => {
		const one = new LinkedCase(['1']);
		one.replies.push(() => reply(422, { message: 'Validation Failed' }));
		const error = await rejection(one.add('2'));
		await one.add('3');

		expect(error.message).toContain(`Could not link attachment 2 to case ${CASE}`);
		expect(one.ids).toEqual(['1', '3']);
	});

	it('keeps an attachment whose link was not answered among what follows', async () => {
		const one = new LinkedCase(['1'], 30_000);
		one.replies.push(...Array.from({ length: 5 }, () => () => reply(500)));
		await rejection(one.add('2'));
		await one.add('3');

		expect(one.ids).toEqual(['1', '2', '3']);
	});
});

describe('The case to link to', () => {
	const find = async (wanted: string, rows: IDataObject[]) => {
		const cliniko = new FakeCliniko(({ path }) => {
			const [, id] = /^\/patient_cases\/(\d+)$/.exec(path) ?? [];
			if (!id) return { patient_cases: rows, total_entries: rows.length };
			return rows.find((row) => row.id === id) ?? reply(404);
		});
		return await caseToLink(cliniko.api, '1', wanted);
	};

	it.each([
		['an open one', {}],
		['a closed one', { closed: true }],
		['an expired one', { expiry_date: '2020-01-01' }],
	])('may be %s if it is chosen', async (_, more) => {
		expect(await find('5', [caseOf('5', '1', more)])).toBe('5');
	});

	it.each([
		['another patient’s', caseOf('5', '2'), 'Case 5 is not one of patient 1'],
		['of nobody', caseOf('5', '1', { patient: null }), 'Case 5 is not one of patient 1'],
		['archived', caseOf('5', '1', { archived_at: '2026-01-01T00:00:00Z' }), 'Case 5 is archived'],
		['not there', caseOf('6', '1'), 'Cliniko has no case with the ID 5'],
	])('must not be %s', async (_, row, message) => {
		expect((await rejection(find('5', [row]))).message).toContain(message);
	});

	it('may be the only open one', async () => {
		const rows = [
			caseOf('4', '1', { closed: true }),
			caseOf('5', '1', { closed: null }),
			caseOf('6', '1', { archived_at: '2026-01-01T00:00:00Z' }),
			// Cliniko may ignore the filter.
			caseOf('7', '2'),
		];
		expect(await find(ONLY_OPEN, rows)).toBe('5');
	});

	it.each([
		[[caseOf('4', '1', { closed: true })], 'Patient 1 has no open case, so nothing was sent.'],
		[[caseOf('4', '1'), caseOf('5', '1')], 'Patient 1 has 2 open cases (IDs 4, 5), so nothing'],
	])('must be the only open one: %j', async (rows, message) => {
		expect((await rejection(find(ONLY_OPEN, rows))).message).toContain(message);
	});
});

import { Cancelled } from '../../../../nodes/Cliniko/errors.ts';
import { PatientLookup } from '../../../../nodes/Cliniko/upload/patientLookup.ts';
import { FakeCliniko, rejection, reply, type Answer, type Sent } from '../connection.cts';

const patient = (id: string) => ({ id, first_name: 'Jo' });
const asked = ({ filters }: Sent) => filters[0]?.replace('id:=', '').split(',') ?? [];

/** Lists whichever patients are asked for, except the hidden ones. */
const listing =
	(hidden: string[] = []) =>
	(sent: Sent): Answer => {
		if (sent.path !== '/patients') return patient(sent.path.split('/').at(-1)!);
		return {
			patients: asked(sent)
				.filter((id) => !hidden.includes(id))
				.map(patient),
		};
	};

describe('The look-up of patients', () => {
	it('is one request for the executions that begin while another is in flight', async () => {
		const cliniko = new FakeCliniko(listing());
		const lookup = PatientLookup.of(cliniko.api);
		const found = await Promise.all(
			['1', '2', '3', '2'].map(
				async (id) => await lookup.read(cliniko.api, cliniko.clock.pause, [id]),
			),
		);

		expect(found.map((one) => [...one.keys()])).toEqual([['1'], ['2'], ['3'], ['2']]);
		expect(cliniko.sent.map(asked)).toEqual([['1'], ['2', '3']]);
	});

	it('is not held up for the first execution', async () => {
		const cliniko = new FakeCliniko(listing());
		await PatientLookup.of(cliniko.api).read(cliniko.api, cliniko.clock.pause, ['1']);

		expect(cliniko.clock.pauses).toEqual([]);
	});

	it('has at most a hundred ids', async () => {
		const cliniko = new FakeCliniko(listing());
		const ids = Array.from({ length: 150 }, (_, at) => String(at + 1));
		const lookup = PatientLookup.of(cliniko.api);
		const found = await lookup.read(cliniko.api, cliniko.clock.pause, ids);

		expect([...found.keys()]).toEqual(ids);
		expect(cliniko.sent.map((sent) => asked(sent).length)).toEqual([100, 50]);
	});

	it.each([400, 500])('fails for no other execution’s patient: %d', async (status) => {
		const cliniko = new FakeCliniko((sent) =>
			asked(sent).includes('1') ? reply(status) : listing()(sent),
		);
		const lookup = PatientLookup.of(cliniko.api);
		const read = async (id: string) => await lookup.read(cliniko.api, cliniko.clock.pause, [id]);
		const failed = rejection(read('1'));
		const others = Promise.all(['2', '3'].map(read));

		expect((await failed).httpCode).toBe(status);
		expect((await others).map((one) => [...one.keys()])).toEqual([['2'], ['3']]);
	});

	it.each<[string, Answer]>([
		['no reply', new Error('ECONNRESET')],
		['a web page', reply(200, '<html>')],
		...[302, 401, 403, 408, 500, 503].map((status): [string, Answer] => [
			`a status of ${status}`,
			reply(status),
		]),
	])('fails for all that wait at about the same time: %s', async (_, answer) => {
		const cliniko = new FakeCliniko(() => answer);
		const lookup = PatientLookup.of(cliniko.api);
		const began = cliniko.clock.time;
		const ends = await Promise.all(
			Array.from({ length: 60 }, async (__, at) => {
				const reading = lookup.read(cliniko.api, cliniko.clock.pause, [String(at)]);
				return [await rejection(reading), cliniko.clock.time - began] as const;
			}),
		);

		expect(Math.max(...ends.map(([, took]) => took))).toBeLessThan(30_000);
		expect(cliniko.sent.length).toBeLessThan(20);
		// n8n changes errors, so executions must not share one.
		expect(new Set(ends.map(([error]) => error)).size).toBe(60);
		expect(new Set(ends.map(([error]) => error.message)).size).toBe(1);
	});

	it('does not fail for an execution that sends a request of its own meanwhile', async () => {
		const { clock } = new FakeCliniko(listing());
		const cliniko = new FakeCliniko(
			async (sent, count) => {
				// The second request hangs until others have sent one, and is then refused.
				if (count === 2) await clock.pause(8000);
				if (count === 3) await clock.pause(6000);
				return count === 2 ? reply(403) : listing()(sent);
			},
			{ clock },
		);
		const lookup = PatientLookup.of(cliniko.api);
		const read = async (...ids: string[]) => await lookup.read(cliniko.api, clock.pause, ids);
		const many = Array.from({ length: 150 }, (_, at) => String(at + 3));
		const found = read('1');
		const [refused, sender] = [rejection(read('2')), read(...many)];

		await found;
		expect((await refused).httpCode).toBe(403);
		expect([...(await sender).keys()]).toEqual(many);
		expect(cliniko.sent.map((sent) => asked(sent).length)).toEqual([1, 100, 100, 50]);
	});

	it('leaves out who is not among the hundred of a request that fails', async () => {
		const cliniko = new FakeCliniko((sent, count) => (count === 2 ? reply(403) : listing()(sent)));
		const lookup = PatientLookup.of(cliniko.api);
		const read = async (from: number, to: number) => {
			const ids = Array.from({ length: to - from }, (_, at) => String(from + at));
			return await lookup.read(cliniko.api, cliniko.clock.pause, ids);
		};
		const first = read(0, 1);
		const [second, third] = [rejection(read(1, 101)), read(101, 102)];

		await first;
		expect((await second).httpCode).toBe(403);
		expect([...(await third).keys()]).toEqual(['101']);
	});

	it('reads a hidden patient for the execution that asks for them only', async () => {
		const cliniko = new FakeCliniko((sent) =>
			sent.path === '/patients/2' ? reply(500) : listing(['2'])(sent),
		);
		const lookup = PatientLookup.of(cliniko.api);
		const read = async (id: string) => await lookup.read(cliniko.api, cliniko.clock.pause, [id]);
		// The third sends the request for itself and for the second.
		const [first, second, third] = [read('1'), rejection(read('2')), read('3')];

		expect([...(await first).keys()]).toEqual(['1']);
		expect((await second).httpCode).toBe(500);
		expect([...(await third).keys()]).toEqual(['3']);
	});

	it('goes on where the execution that sent it is cancelled', async () => {
		let isCancelled = false;
		const assertNotCancelled = () => {
			if (isCancelled) throw new Cancelled('The execution was canceled.', '');
		};
		const cliniko = new FakeCliniko(listing());
		const cancelled = new FakeCliniko(
			async () => {
				await cliniko.clock.pause(1000);
				isCancelled = true;
				return new Error('aborted');
			},
			{ clock: cliniko.clock, assertNotCancelled },
		);
		const lookup = PatientLookup.of(cliniko.api);
		const read = async ({ api, clock }: FakeCliniko, id: string) =>
			await lookup.read(api, clock.pause, [id]);
		const first = read(cliniko, '1');
		const second = rejection(read(cancelled, '2'));
		const others = Promise.all(['3', '4'].map(async (id) => await read(cliniko, id)));

		await first;
		expect((await second).message).toBe('The execution was canceled.');
		expect((await others).map((one) => [...one.keys()])).toEqual([['3'], ['4']]);
		// The cancelled one had sent its request for the others too.
		expect(cancelled.sent.map(asked)).toEqual([['2', '3', '4']]);
		expect(cliniko.sent.map(asked)).toEqual([['1'], ['3', '4']]);
	});

	it('leaves out patients who do not exist', async () => {
		const cliniko = new FakeCliniko((sent) =>
			sent.path === '/patients' ? { patients: [] } : reply(404),
		);
		const lookup = PatientLookup.of(cliniko.api);

		expect((await lookup.read(cliniko.api, cliniko.clock.pause, ['1'])).size).toBe(0);
	});
});

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
		const cliniko = new FakeCliniko(listing());
		const lookup = PatientLookup.of(cliniko.api);
		const cancelled = new FakeCliniko(() => new Error('aborted'), {
			clock: cliniko.clock,
			assertNotCancelled: () => {
				throw new Error('canceled');
			},
		});
		const first = rejection(lookup.read(cancelled.api, cliniko.clock.pause, ['1']));
		const second = lookup.read(cliniko.api, cliniko.clock.pause, ['2']);

		expect((await first).message).toBe('canceled');
		expect([...(await second).keys()]).toEqual(['2']);
	});

	it('leaves out patients who do not exist', async () => {
		const cliniko = new FakeCliniko((sent) =>
			sent.path === '/patients' ? { patients: [] } : reply(404),
		);
		const lookup = PatientLookup.of(cliniko.api);

		expect((await lookup.read(cliniko.api, cliniko.clock.pause, ['1'])).size).toBe(0);
	});
});

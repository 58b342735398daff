import { SANDBOX_ARCHIVED_PATIENT_ID, SANDBOX_PATIENT_ID } from '../../sandbox/sandbox.cts';
import { useSandbox, type Answer } from './client.cts';

const { sandbox, client } = useSandbox();

const create = async (body: object): Promise<Answer> =>
	await client.api('/patient_cases', {
		method: 'POST',
		body: { name: 'Left knee', patient_id: SANDBOX_PATIENT_ID, ...body },
	});

const change = async (id: string, body: object): Promise<Answer> =>
	await client.api(`/patient_cases/${id}`, { method: 'PATCH', body });

const linkedTo = async (id: string, query = ''): Promise<string[]> => {
	const { json } = await client.api(`/patient_cases/${id}/patient_attachments${query}`);
	return (json.patient_attachments as Array<{ id: string }>).map((one) => one.id).sort();
};

const file = (patientId = SANDBOX_PATIENT_ID) =>
	sandbox.clinic.addAttachment(
		{ patientId, userId: '1', description: null, uploadUrl: '' },
		() => undefined,
	);

const EVERYTHING = {
	closed: false,
	expiry_date: '2027-05-31',
	include_cancelled_attendees: true,
	include_dna_attendees: false,
	issue_date: '2026-05-31',
	max_invoiceable_amount: '1500.5',
	max_sessions: 10,
	notes: 'GP plan',
	referral: true,
	referral_type: 'medicare',
};

describe('A new case', () => {
	it('has what was sent, and the rest is null', async () => {
		const { status, json, headers } = await create({ ...EVERYTHING, contact_id: '77' });
		expect(status).toBe(201);
		expect(json).toMatchObject({ name: 'Left knee', ...EVERYTHING, archived_at: null });
		expect(json.contact.links.self).toMatch(/\/contacts\/77$/);
		expect(json.patient.links.self).toMatch(new RegExp(`/patients/${SANDBOX_PATIENT_ID}$`));
		expect(String(headers.location)).toMatch(new RegExp(`/v1/patient_cases/${json.id}$`));
		const plain = await create({});
		expect(plain.json).toMatchObject({ closed: null, notes: null, max_sessions: null });
		expect(plain.json).not.toHaveProperty('contact');
	});

	it.each([
		[{ name: ' ' }, 'name'],
		[{ name: null }, 'name'],
		[{ patient_id: '12' }, 'patient_id'],
		[{ patient_id: SANDBOX_ARCHIVED_PATIENT_ID }, 'patient_id'],
		[{ max_sessions: 0 }, 'max_sessions'],
		[{ max_sessions: 201 }, 'max_sessions'],
		[{ max_sessions: '5' }, 'max_sessions'],
		[{ max_invoiceable_amount: '0' }, 'max_invoiceable_amount'],
		[{ max_invoiceable_amount: 5 }, 'max_invoiceable_amount'],
		[{ referral_type: 'other' }, 'referral_type'],
		[{ issue_date: '2026-02-30' }, 'issue_date'],
		[{ closed: 'no' }, 'closed'],
		[{ patient_attachment_ids: ['1'] }, 'patient_attachment_ids'],
	])('with %j is refused', async (body, field) => {
		const { status, json } = await create(body);
		expect(status).toBe(422);
		expect(Object.keys(json.errors)).toEqual([field]);
		expect(sandbox.clinic.cases.size).toBe(0);
	});

	it('is listed by its patient and its expiry date, after a lag', async () => {
		sandbox.settings.listLagMs = 300;
		const { json: created } = await create(EVERYTHING);
		const listed = async (filter: string) => {
			const { json } = await client.api(`/patient_cases?q[]=${filter}`);
			return (json.patient_cases as Array<{ id: string }>).map(({ id }) => id);
		};
		expect(await listed(`patient_id:=${SANDBOX_PATIENT_ID}`)).toEqual([]);
		sandbox.settings.listLagMs = 0;
		expect(await listed(`patient_id:=${SANDBOX_PATIENT_ID}`)).toEqual([created.id]);
		expect(await listed('expiry_date:>2027-05-30')).toEqual([created.id]);
		expect((await client.api('/patient_cases?q[]=closed:=false')).status).toBe(400);
	});
});

describe('A change', () => {
	it('leaves what was not sent, and empties what is null', async () => {
		const { json } = await create(EVERYTHING);
		const changed = await change(json.id as string, { closed: true, notes: null });
		expect(changed.json).toMatchObject({ ...EVERYTHING, closed: true, notes: null });
	});

	it('of an archived case is not found, and it is shown to a filter only', async () => {
		const { id } = (await create({})).json as { id: string };
		const archived = await client.api(`/patient_cases/${id}/archive`, { method: 'POST' });
		expect([archived.status, archived.text]).toEqual([204, '']);
		expect((await change(id, { name: 'x' })).status).toBe(404);
		expect((await client.api(`/patient_cases/${id}`)).status).toBe(404);
		expect((await client.api(`/patient_cases/${id}?q[]=archived_at:*`)).status).toBe(200);
	});
});

describe('The attachments of a case', () => {
	it.each([
		['replaced', (_: string, second: string) => [second]],
		['appended', (first: string, second: string) => [first, second]],
	] as const)('are %s by the ids that are sent', async (patchedArrays, then) => {
		sandbox.settings.patchedArrays = patchedArrays;
		const [first, second] = [file().id, file().id];
		const { id } = sandbox.clinic.addCase({ patientId: SANDBOX_PATIENT_ID });
		await change(id, { patient_attachment_ids: [first] });
		await change(id, { patient_attachment_ids: [second] });
		expect(await linkedTo(id)).toEqual(then(first, second));
	});

	it('are shown after a lag, archived ones to a filter only', async () => {
		const one = file();
		const { id } = sandbox.clinic.addCase({ patientId: SANDBOX_PATIENT_ID });
		sandbox.settings.listLagMs = 60_000;
		await change(id, { patient_attachment_ids: [one.id] });
		expect(await linkedTo(id)).toEqual([]);
		sandbox.settings.listLagMs = 0;
		expect(await linkedTo(id)).toEqual([one.id]);
		one.archivedAt = Date.now();
		expect(await linkedTo(id)).toEqual([]);
		expect(await linkedTo(id, '?q[]=archived_at:*')).toEqual([one.id]);
	});

	it('have to be the patient’s', async () => {
		const { id } = sandbox.clinic.addCase({ patientId: SANDBOX_PATIENT_ID });
		const { status } = await change(id, {
			patient_attachment_ids: [file('1234567890123456782').id],
		});
		expect(status).toBe(422);
	});
});

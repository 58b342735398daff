import { simplifiedAppointment } from '../../../../nodes/Cliniko/records/appointment.ts';

const link = (path: string) => ({ links: { self: `https://api.au1.cliniko.com/v1/${path}` } });

describe('An appointment in the simple form', () => {
	it('has the ids of what it links to, exactly', () => {
		expect(
			simplifiedAppointment({
				id: '9007199254740993',
				starts_at: '2026-03-02T09:00:00Z',
				patient: link('patients/1234567890123456789'),
				patient_case: link('patient_cases/12'),
				practitioner: link('practitioners/21'),
				business: link('businesses/31'),
				appointment_type: link('appointment_types/41'),
				cancellation_reason: 40,
				cancellation_reason_description: 'Sick',
				notes: '',
			}),
		).toMatchObject({
			id: '9007199254740993',
			starts_at: '2026-03-02T09:00:00Z',
			patient_id: '1234567890123456789',
			patient_case_id: '12',
			practitioner_id: '21',
			business_id: '31',
			appointment_type_id: '41',
			cancellation_reason: 'Sick',
			notes: null,
		});
	});

	it('has all fields even when the record has nothing but an id', () => {
		const { id, ...rest } = simplifiedAppointment({ id: '7' });
		expect(id).toBe('7');
		expect(Object.values(rest)).toEqual(Array<null>(18).fill(null));
	});
});

import { criterion } from '../../../../nodes/Cliniko/find/criteria.ts';
import { findPatients } from '../../../../nodes/Cliniko/find/findPatients.ts';
import { PatientList } from '../patientList.cts';
import { randomOf } from '../random.cts';

const CRITERIA = [criterion('firstName', 'Jane'), criterion('lastName', 'Smith')];

it('Two patients of one name are never taken for one, whatever order 182 candidates come in', async () => {
	const rows = Array.from({ length: 182 }, (_, at) => ({
		id: String(at + 1),
		created_at: '2026-03-02T09:00:00Z',
		first_name: at % 100 === 40 ? 'Jane' : 'Janet',
		last_name: 'Smith',
	}));
	for (let seed = 1; seed <= 200; seed++) {
		const { cliniko } = new PatientList(rows, randomOf(seed));
		const { patients } = await findPatients(cliniko.api, CRITERIA, false);
		expect(patients.map(({ id }) => id).sort()).toEqual(['141', '41']);
	}
});

import { dueCustomFields } from '../../../../nodes/Cliniko/patients/customFields.ts';
import type { CustomFieldDefinition } from '../../../../nodes/Cliniko/requests/customFieldDefinitions.ts';
import { thrownBy } from '../connection.cts';

const definition: CustomFieldDefinition = {
	token: 'fund',
	name: 'Health fund',
	type: 'text',
	section: { token: 'admin', name: 'Admin' },
	options: [],
	takesOther: false,
};

const section = (value: unknown) => ({ token: 'admin', fields: [{ token: 'fund', value }] });

const due = (...sections: object[]) =>
	dueCustomFields({ sections }, [{ definition, text: 'HCF' }], (isEmpty) => isEmpty);

describe('A custom field of the record', () => {
	it('is filled where it is empty, and kept where it has a value of whatever type', () => {
		expect(due(section(null))).toHaveLength(1);
		expect(due(section(' '))).toHaveLength(1);
		for (const value of ['Bupa', 4711, true]) expect(due(section(value))).toEqual([]);
	});

	it('is not changed if it is there twice, as after a Cliniko that adds what is sent', () => {
		const error = thrownBy(() => due(section(null), section('HCF')));
		expect(error.message).toMatch(/shows custom fields of the patient twice/);
	});
});

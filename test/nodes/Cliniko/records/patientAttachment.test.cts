import { isClinikoRecord } from '../../../../nodes/Cliniko/records/clinikoRecord.ts';
import {
	isUnreadable,
	patientIdOf,
	simplified,
} from '../../../../nodes/Cliniko/records/patientAttachment.ts';
import { freshRecord, processedRecord } from '../connection.cts';

describe('A patient attachment', () => {
	it('in its simple form has ten fields', () => {
		expect(simplified(processedRecord('77', 'Referral.pdf', 1000, '9007199254740993'))).toEqual({
			id: '77',
			patient_id: '9007199254740993',
			filename: 'Referral.pdf',
			description: null,
			content_type: 'application/pdf',
			size: 1000,
			processing_completed: true,
			created_at: '2026-03-02T09:00:00Z',
			processed_at: '2026-03-02T09:00:05Z',
			content_url: 'https://api.au1.cliniko.com/v1/patient_attachments/77/content',
		});
	});

	it('in its simple form has them even before Cliniko has processed it', () => {
		expect(simplified(freshRecord('77', '456'))).toEqual({
			id: '77',
			patient_id: '456',
			filename: null,
			description: null,
			content_type: null,
			size: null,
			processing_completed: false,
			created_at: '2026-03-02T09:00:00Z',
			processed_at: null,
			content_url: null,
		});
	});

	it('in its simple form has them even when the record has nothing but an id', () => {
		expect(Object.values(simplified({ id: '77' }))).toEqual(['77', ...Array<null>(9).fill(null)]);
	});

	it('in its simple form has nothing when the record has an empty text', () => {
		const record = freshRecord('77', '456');
		const empty = Object.entries(record).map(([name, value]) => [name, value ?? '']);
		expect(simplified(Object.fromEntries(empty) as typeof record)).toEqual(simplified(record));
	});

	it.each([
		'https://api.au1.cliniko.com/v1/patient_attachments/77',
		'https://api.au1.cliniko.com/v1/patient_attachments/77/content',
	])('keeps the address of its content as Cliniko gives it: %s', (self) => {
		expect(simplified({ id: '77', content: { links: { self } } }).content_url).toBe(self);
	});

	it.each([
		['https://api.au1.cliniko.com/v1/patients/9223372036854775807', '9223372036854775807'],
		['https://api.au1.cliniko.com/v1/patients/', undefined],
		['https://api.au1.cliniko.com/v1/practitioners/12', undefined],
		['https://api.au1.cliniko.com/v1/patients/12/patient_attachments', undefined],
		[undefined!, undefined],
	])('with the link %s belongs to the patient %s', (self, id) => {
		expect(patientIdOf({ id: '77', patient: { links: { self } } })).toBe(id);
	});

	it.each([[{}], [{ patient: null }], [{ patient: {} }], [{ patient: { links: null } }]])(
		'may belong to nobody we know of: %j',
		(fields) => {
			expect(patientIdOf({ id: '77', ...fields } as never)).toBeUndefined();
		},
	);

	it('has an id that is text', () => {
		expect(isClinikoRecord({ id: '77' })).toBe(true);
		for (const value of [{ id: 77 }, { id: null }, {}, null, undefined, 'id', []]) {
			expect(isClinikoRecord(value)).toBe(false);
		}
	});

	it.each(['', ' 77', '77\n', '-77', '7.7', '../patients/1', '77?x', '٧٧'])(
		'has no id that would lead elsewhere in a path: %j',
		(id) => {
			expect(isClinikoRecord({ id })).toBe(false);
		},
	);

	it('is unreadable when Cliniko calls its type invalid', () => {
		expect(isUnreadable({ id: '77', content_type: 'invalid/invalid' })).toBe(true);
		expect(isUnreadable({ id: '77', content_type: 'application/pdf' })).toBe(false);
		expect(isUnreadable({ id: '77', content_type: null! })).toBe(false);
	});
});

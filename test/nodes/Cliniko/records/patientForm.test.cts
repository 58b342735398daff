import { simplifiedForm } from '../../../../nodes/Cliniko/records/patientForm.ts';

const link = (path: string) => ({ links: { self: `https://api.au1.cliniko.com/v1/${path}` } });

const form = (content: unknown) => ({ id: '7', content }) as never;

const answersTo = (...questions: unknown[]) =>
	simplifiedForm(form({ sections: [{ name: 'You', questions }] })).answers.map(
		({ answer }) => answer,
	);

describe('A patient form in the simple form', () => {
	it('has the ids of what it links to, and the questions in their order', () => {
		expect(
			simplifiedForm({
				id: '9007199254740993',
				name: 'Intake',
				patient: link('patients/1234567890123456789'),
				attendee: link('attendees/11'),
				booking: link('bookings/12'),
				completed_at: '2026-03-02T09:00:00Z',
				content: {
					sections: [
						{ name: 'You', questions: [{ name: 'Sport', answer: 'Tennis' }] },
						{ name: '', questions: [{ name: 'Pain', answer: 'Knee' }] },
					],
				},
				url: 'https://forms.example/secret',
			}),
		).toEqual({
			id: '9007199254740993',
			name: 'Intake',
			patient_id: '1234567890123456789',
			attendee_id: '11',
			booking_id: '12',
			completed_at: '2026-03-02T09:00:00Z',
			answers: [
				{ section: 'You', question: 'Sport', answer: 'Tennis' },
				{ section: null, question: 'Pain', answer: 'Knee' },
			],
			created_at: null,
			updated_at: null,
		});
	});

	it('has what was chosen, and what was entered in place of it', () => {
		const chosen = { value: 'Left', selected: true };
		const other = { enabled: true, selected: true, value: 'Both' };
		expect(
			answersTo(
				{ name: 'Side', answers: [chosen, { value: 'Right', selected: false }] },
				{ name: 'Side', answers: [chosen, { value: 'Right', selected: true }], other },
				{ name: 'Side', answers: [{ value: 'Left', selected: false }], other },
				{ name: 'Side', answers: [chosen], other: { ...other, selected: false } },
			),
		).toEqual(['Left', 'Left, Right, Both', 'Both', 'Left']);
	});

	it('has no answer where there is none', () => {
		expect(
			answersTo(
				{ name: 'Sport', answer: '' },
				{ name: 'Signed', signature_id: '5' },
				{ name: 'Side', answers: [] },
				{ name: 'Side', answers: null, answer: null },
			),
		).toEqual([null, null, null, null]);
	});

	it.each([null, undefined, '', {}, { sections: null }, { sections: [null, { questions: null }] }])(
		'has no answers if the content is %j',
		(content) => {
			expect(simplifiedForm(form(content)).answers).toEqual([]);
		},
	);
});

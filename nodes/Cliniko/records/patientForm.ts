import { linkedId, valueOrNull, type ClinikoRecord, type Link } from './clinikoRecord';

/**
 * A form that a patient fills in (Cliniko's `PatientForm`), with those of its fields that the node reads.
 * Cliniko's reference says of no field that it is always there, and an empty one may be null or an empty
 * string.
 */
export type PatientForm = ClinikoRecord & {
	attendee?: Link | null;
	booking?: Link | null;
	completed_at?: string | null;
	content?: { sections?: Section[] | null } | null;
	created_at?: string;
	name?: string | null;
	patient?: Link | null;
	updated_at?: string;
};

interface Section {
	name?: string | null;
	questions?: Question[] | null;
}

interface Question {
	name?: string | null;
	/** Of a text or a date. */
	answer?: string | null;
	/** Of checkboxes or radio buttons: all that can be chosen. */
	answers?: Choice[] | null;
	/** What the patient entered in place of these. */
	other?: Choice | null;
}

interface Choice {
	selected?: boolean | null;
	value?: string | null;
}

/** What Simplify leaves of it. */
export type SimplifiedForm = ReturnType<typeof simplifiedForm>;

/** The fields that most workflows need, and the answers as a list. Signatures are left out. */
export function simplifiedForm(record: PatientForm) {
	return {
		id: record.id,
		name: valueOrNull(record.name),
		patient_id: linkedId(record.patient, 'patients') ?? null,
		attendee_id: linkedId(record.attendee, 'attendees') ?? null,
		booking_id: linkedId(record.booking, 'bookings') ?? null,
		completed_at: valueOrNull(record.completed_at),
		answers: listOf(record.content?.sections).flatMap((section) =>
			listOf(section.questions).map((question) => ({
				section: valueOrNull(section.name),
				question: valueOrNull(question.name),
				answer: answerTo(question),
			})),
		),
		created_at: valueOrNull(record.created_at),
		updated_at: valueOrNull(record.updated_at),
	};
}

/** The text, or what was chosen; null if there is no answer. */
function answerTo({ answer, answers, other }: Question): string | null {
	const chosen = [...listOf(answers), ...listOf([other])].filter(
		({ selected }) => selected === true,
	);
	return valueOrNull(answer ?? chosen.map(({ value }) => value).join(', '));
}

/** The objects of a list; none if it is not a list. */
function listOf<T extends object>(list: Array<T | null | undefined> | null | undefined): T[] {
	return Array.isArray(list) ? list.filter((one) => typeof one === 'object' && one !== null) : [];
}

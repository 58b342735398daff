import type { Match, NewRecord } from '../once/createOnce';
import { digestOf } from '../once/creationMemory';
import { unlisted } from '../once/recentRecords';
import { mayBeOfPatient } from '../records/clinikoRecord';
import type { MedicalAlert } from '../records/medicalAlert';
import { lettersOf } from '../records/plainText';
import { listRecords } from '../requests/listRecords';
import type { ClinikoApi } from '../transport/cliniko/clinikoApi';

type NewAlert = NewRecord<'medical_alerts'>;

/**
 * A medical alert to be created, for `OnceCreator`.
 *
 * @param name of 1 to 255 characters
 * @param itemIndex of the item that asks for it
 */
export function newAlert(
	{ account }: ClinikoApi,
	patientId: string,
	name: string,
	itemIndex: number,
): NewAlert {
	// A patient may get several alerts, so the name belongs to what it is created for.
	const subject = digestOf(account, 'alert', patientId, nameKey(name));
	return {
		collection: 'medical_alerts',
		patientId,
		body: { patient_id: patientId, name },
		creation: { subject, values: subject, itemIndex },
		errorContext: {
			action: `create the medical alert for patient ${patientId}`,
			notFound: `Cliniko has no patient with the ID ${patientId}.`,
			forbidden:
				'Use the key of a user whose role may add medical alerts, or ask the owner of the Cliniko account to change the role.',
			labels: { name: 'Name', patient_id: 'Patient' },
		},
		match: (record) => match(record, name),
	};
}

/** Cliniko may take signs out of a name, such as emoji, or write them in another way. */
function match(record: MedicalAlert, name: string): Match {
	if (isSame(record, name)) return 'ours';
	const [shown, sent] = [record.name, name].map(lettersOf) as [string, string];
	return shown.startsWith(sent) || sent.startsWith(shown) ? 'maybe' : 'other';
}

/**
 * An alert that the patient has already and that says the same; undefined if there is none.
 *
 * @throws ClinikoError if a request fails
 */
export async function sameAlert(
	api: ClinikoApi,
	{ patientId, body }: NewAlert,
): Promise<MedicalAlert | undefined> {
	const filters = [`patient_id:=${patientId}`];
	const errorContext = { action: `list the medical alerts of patient ${patientId}` };
	const listed = await listRecords(api, 'medical_alerts', filters, errorContext);
	const records = [...listed, ...(await unlisted(api, 'medical_alerts', patientId, listed))];
	return records.find(
		(record) =>
			mayBeOfPatient(record, patientId) &&
			!record.archived_at &&
			!record.deleted_at &&
			isSame(record, String(body.name)),
	);
}

function isSame({ name }: MedicalAlert, given: string): boolean {
	return typeof name === 'string' && nameKey(name) === nameKey(given);
}

/** Cliniko may tidy a name up, and leave emoji out. A plus, a minus or a question mark tells alerts apart. */
function nameKey(name: string): string {
	return name
		.normalize('NFC')
		.replace(/[\p{Extended_Pictographic}\uFE0F\u200D]/gu, '')
		.replace(/\s+/g, ' ')
		.trim()
		.toLowerCase();
}

import type { IExecuteFunctions, INodeProperties } from 'n8n-workflow';

import { ClinikoError } from '../../errors';
import { keepIdentity, missingIdentity, replaceNothing } from '../../patients/changes';
import { LABELS, type PatientValues } from '../../patients/fields';
import { matchingPatient, whyUnknown, type Unclear } from '../../patients/matchingPatient';
import { updatePatient, type Updated } from '../../patients/updatePatient';
import { simplifiedPatient, type Candidate, type SimplifiedPatient } from '../../records/patient';
import { connect, pauseFor } from '../../transport/n8n';
import { eachItem } from '../eachItem';
import type { Operation } from '../operation';
import { candidatesIn, candidatesOption } from '../parameters/candidates';
import { customFieldsField } from '../parameters/customFields';
import { filesToPassOn } from '../parameters/inputFiles';
import { outputFields, outputOf } from '../parameters/output';
import { patientField, patientFields } from '../parameters/patientFields';
import {
	creatorFor,
	newPatientOf,
	referralSourceOf,
	setSourceOrWarn,
	withCustomFieldsOf,
} from './newPatient';

/** By these the patient is found. */
const PARAMETERS = ['firstName', 'lastName', 'dateOfBirth', 'email'];

const fields: INodeProperties[] = [
	patientField('first_name', {
		required: true,
		description: 'Has to match. Capitals, accents, apostrophes and hyphens make no difference.',
	}),
	patientField('last_name', {
		required: true,
		description: 'Has to match. Capitals, accents, apostrophes and hyphens make no difference.',
	}),
	patientField('date_of_birth', {
		description:
			'Has to match. Year, month and day in this order. Give it, the e-mail address or a mobile number, and better all.',
	}),
	patientField('email', {
		description: 'Has to match if no patient with these names has this date of birth',
	}),
	{
		displayName: 'Where Cliniko Has Another Value',
		name: 'ifOtherValue',
		type: 'options',
		default: 'keep',
		description:
			'What to do with fields that are filled in already. Names and the date of birth are never changed or filled in, and phone numbers are added.',
		options: [
			{
				name: 'Keep Cliniko’s',
				value: 'keep',
				description: 'Only empty fields are filled',
			},
			{
				name: 'Take the New One',
				value: 'replace',
				description: 'The value on the record is overwritten',
			},
		],
	},
	{
		displayName: 'If It Is Not Clear Which Patient',
		name: 'ifUnclear',
		type: 'options',
		default: 'error',
		description:
			'What to do if several patients match, if the only one is archived, or if one matches in part',
		options: [
			{ name: 'Stop', value: 'error', description: 'Stop with a message that says why' },
			{
				name: 'Return an Item That Says So',
				value: 'item',
				description: 'With "outcome" set to "unclear", for an If or Switch node',
			},
			candidatesOption,
		],
	},
	patientFields(
		{
			displayName: 'Additional Fields',
			name: 'additionalFields',
			placeholder: 'Add field',
			description:
				'What else is known of the patient. A field whose expression gives nothing is left as it is.',
		},
		['first_name', 'last_name', 'date_of_birth', 'email'],
	),
	customFieldsField,
	...outputFields(simplifiedPatient),
];

/** What an item of the output holds with Simplify on. */
export type Output = { outcome: string } & Partial<
	SimplifiedPatient & {
		changed: string[];
		warning: string;
		patient_ids: string[];
		candidates: Candidate[];
		message: string;
		advice: string;
	}
>;

type Outcome = { outcome: 'created' | 'updated' | 'unchanged' } & Updated;

async function execute(context: IExecuteFunctions) {
	if (context.getInputData().length === 0) return [];
	const api = await connect(context);
	const pause = pauseFor(context);
	const { creator, memory } = creatorFor(context, api);
	return await eachItem(context, {
		read: (itemIndex) => {
			const wanted = newPatientOf(context, itemIndex, api.account, PARAMETERS);
			const ifUnclear = context.getNodeParameter('ifUnclear', itemIndex, 'error');
			const unknown = whyUnknown(wanted.person);
			if (unknown && ifUnclear === 'error') throw errorOf(unknown);
			const ifOtherValue = context.getNodeParameter('ifOtherValue', itemIndex, 'keep');
			return {
				wanted,
				unknown,
				ifUnclear,
				maySet: ifOtherValue === 'replace' ? keepIdentity : replaceNothing,
				show: outputOf(context, itemIndex, simplifiedPatient),
			};
		},
		files: (itemIndex) => filesToPassOn(context, itemIndex),
		run: async ({ wanted: given, unknown, ifUnclear, maySet, show }) => {
			const { person, creation } = given;
			const values = await withCustomFieldsOf(api, given.values, given.custom);
			const source = await referralSourceOf(api, given.source);
			const wanted = { ...given, values };
			const upserted = await creator.inTurn(person, async (): Promise<Outcome | Unclear> => {
				if (unknown) return unknown;
				const own = await creator.resume(wanted);
				if (own) return { outcome: 'created', ...own, changed: [] };
				await creator.clearUp(person);
				const match = await matchingPatient(api, person);
				if (match.unclear) return match.unclear;
				if (!match.patient) {
					return { outcome: 'created', ...(await creator.create(wanted)), changed: [] };
				}
				const updated = await updatePatient(api, pause, match.patient.id, values, maySet);
				const outcome = updated.changed.length > 0 ? 'updated' : 'unchanged';
				return { outcome, ...withNotFilled(updated, values) };
			});
			if ('candidates' in upserted) {
				if (ifUnclear === 'error') throw errorOf(upserted);
				const { message, advice, candidates } = upserted;
				const json = {
					outcome: 'unclear',
					patient_ids: candidates.map(({ id }) => id),
					...candidatesIn(ifUnclear, candidates),
					message,
					advice,
				};
				return [{ json }];
			}
			const { patient } = upserted;
			const mayReplace = maySet === keepIdentity && upserted.outcome !== 'created';
			const set = await setSourceOrWarn(context, api, patient.id, source, mayReplace);
			memory.handedOn(creation);
			const isUpdated = set.isSet && upserted.outcome === 'unchanged';
			const outcome = isUpdated ? 'updated' : upserted.outcome;
			const isListed = set.isSet && outcome !== 'created';
			const changed = [...upserted.changed, ...(isListed ? ['referral_source'] : [])];
			const warning = [upserted.warning, set.warning].filter(Boolean).join(' ');
			const record = show(patient);
			return [{ json: { outcome, ...record, changed, ...(warning && { warning }) } }];
		},
	});
}

/** Adds to the warnings what was given and tells who the patient is, and so was not filled in. */
function withNotFilled(updated: Updated, values: PatientValues): Updated {
	const missing = missingIdentity(updated.patient, values).map((field) => LABELS[field]);
	if (missing.length === 0) return updated;
	const warning = `Not filled in, because the record has none and it tells who the patient is: ${missing.join(', ')}. If it is the right patient, enter this in Cliniko.`;
	return { ...updated, warning: [updated.warning, warning].filter(Boolean).join(' ') };
}

function errorOf({ message, advice }: Unclear): ClinikoError {
	return new ClinikoError(message, advice);
}

export const upsert: Operation = {
	name: 'Create or Update',
	value: 'upsert',
	action: 'Create or update patient',
	description: 'Create a new record, or update the current one if it already exists (upsert)',
	fields,
	execute,
};

import ezvcard.Ezvcard;
import ezvcard.VCard;
import ezvcard.VCardVersion;
import ezvcard.property.*;
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.*;

/** Reads vCards from standard input with ez-vcard; writes what it read, one property a line, values in base64. */
public class Judge {
    static final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    public static void main(String[] args) throws Exception {
        String text = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
        List<List<String>> warnings = new ArrayList<>();
        for (VCard card : parse(text, warnings)) {
            out.println("CARD");
            for (VCardProperty property : card) show(property);
            for (Map.Entry<VCardProperty, List<ezvcard.ValidationWarning>> entry : card.validate(VCardVersion.V3_0))
                for (ezvcard.ValidationWarning warning : entry.getValue()) line("WARNING", null, warning.toString());
        }
        for (List<String> some : warnings) for (String warning : some) line("WARNING", null, warning);
    }

    static List<VCard> parse(String text, List<List<String>> warnings) {
        List<List<ezvcard.io.ParseWarning>> seen = new ArrayList<>();
        ezvcard.io.text.VCardReader reader = new ezvcard.io.text.VCardReader(text);
        List<VCard> cards = new ArrayList<>();
        try {
            for (VCard card; (card = reader.readNext()) != null; ) {
                cards.add(card);
                for (Object warning : reader.getWarnings()) warnings.add(List.of(warning.toString()));
            }
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        return cards;
    }

    static void show(VCardProperty p) {
        if (p instanceof StructuredName) {
            StructuredName n = (StructuredName) p;
            line("N", p, empty(n.getFamily()), empty(n.getGiven()));
        } else if (p instanceof Address) {
            Address a = (Address) p;
            line("ADR", p, empty(a.getStreetAddress()), empty(a.getCountry()));
        } else if (p instanceof Telephone) line("TEL", p, ((Telephone) p).getText());
        else if (p instanceof Organization) line("ORG", p, ((Organization) p).getValues().toArray(new String[0]));
        else if (p instanceof Categories) line("CATEGORIES", p, ((Categories) p).getValues().toArray(new String[0]));
        else if (p instanceof Uid) line("UID", p, ((Uid) p).getValue());
        else if (p instanceof Revision) line("REV", p, ((Revision) p).getValue().toInstant().toString());
        else if (p instanceof RawProperty)
            line(((RawProperty) p).getPropertyName().toUpperCase(), p, ((RawProperty) p).getValue());
        else if (p instanceof TextProperty)
            line(NAMES.getOrDefault(p.getClass().getSimpleName(), p.getClass().getSimpleName()), p,
                ((TextProperty) p).getValue());
        else line(p.getClass().getSimpleName(), p, p.toString());
    }

    static final Map<String, String> NAMES = Map.of("FormattedName", "FN", "Title", "TITLE", "Role", "ROLE", "Note",
        "NOTE", "Url", "URL", "Source", "SOURCE", "Email", "EMAIL", "ProductId", "PRODID");

    static String empty(String value) {
        return value == null ? "" : value;
    }

    static void line(String name, VCardProperty p, String... values) {
        StringBuilder text = new StringBuilder(name);
        for (String value : values)
            text.append('\t').append(Base64.getEncoder().encodeToString(empty(value).getBytes(StandardCharsets.UTF_8)));
        out.println(text);
    }
}
